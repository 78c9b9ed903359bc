//! One finding: what is wrong, how it is known, what helps.

use std::fmt;

/// One thing that is wrong, or that is good to know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Stable name for scripts: lower case, dashes.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence.
    pub cause: String,
    /// What was seen that says so, one thing each (a server's message may have several lines).
    pub evidence: Vec<String>,
    /// What to do.
    pub fix: Option<String>,
}

impl Finding {
    pub(crate) fn error(code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            cause: cause.into(),
            evidence: Vec::new(),
            fix: None,
        }
    }

    pub(crate) fn warning(code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, cause)
        }
    }

    pub(crate) fn note(code: &'static str, cause: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, cause)
        }
    }

    pub(crate) fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence.push(evidence.into());
        self
    }

    pub(crate) fn all_seen(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// As people read it: `error[code]: cause`, the evidence, the fix.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.cause)?;
        for evidence in &self.evidence {
            write!(f, "\n  seen: {}", evidence.replace('\n', "\n        "))?;
        }
        if let Some(fix) = &self.fix {
            write!(f, "\n  fix: {fix}")?;
        }
        Ok(())
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// It works, but not as it should.
    Warning,
    /// It does not work.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
