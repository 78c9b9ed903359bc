//! What a run did: a line for each part as it begins and ends, the summary at the end, and last of
//! all the count of tests in the form in which cargo closes its own.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::machine;

/// Tests as their runners count them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Adds what a line of a test runner's output says, if it is a closing line:
    /// nextest's `Summary [ 1.2s] 3 tests run: 2 passed (1 slow), 1 failed, 4 skipped` (skipped are
    /// those of other parts as well as what is ignored: not counted), cargo's
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; ...`.
    pub(crate) fn read(&mut self, line: &str) {
        // A failed test's own output is shown indented, closing line and all.
        let nextest = line.trim_start().strip_prefix("Summary [");
        let Some(counts) = nextest.or_else(|| line.strip_prefix("test result: ")) else {
            return;
        };
        let words: Vec<&str> = counts
            .split([' ', ',', ';', '(', ')', ':'])
            .filter(|w| !w.is_empty())
            .collect();
        for pair in words.windows(2) {
            let [number, word] = pair else { continue };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match *word {
                "passed" => self.passed += number,
                "failed" | "timed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// How a part ended.
#[derive(Debug)]
enum Outcome {
    Done,
    Failed(String),
    NotRun(String),
}

/// One part of the run.
#[derive(Debug)]
struct Part {
    name: String,
    outcome: Outcome,
    took: Duration,
    tests: Count,
}

/// A run with its parts.
#[derive(Debug)]
pub(crate) struct Report {
    started: Instant,
    parts: Vec<Part>,
    notes: Vec<String>,
}

impl Report {
    /// A run that begins now.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            parts: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Does a part, and goes on whatever comes of it.
    pub(crate) fn part(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Count) -> anyhow::Result<()>,
    ) -> bool {
        println!("\n== {name}");
        let started = Instant::now();
        let mut tests = Count::default();
        let outcome = match work(&mut tests) {
            Ok(()) => Outcome::Done,
            Err(error) => {
                println!("{error:#}");
                Outcome::Failed(
                    format!("{error:#}")
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                )
            }
        };
        let done = matches!(outcome, Outcome::Done);
        self.parts.push(Part {
            name: name.to_owned(),
            outcome,
            took: started.elapsed(),
            tests,
        });
        done
    }

    /// A part that could not be run. Under `CI=true` that is a failure.
    pub(crate) fn not_run(&mut self, name: &str, why: &str) {
        let outcome = if machine::is_ci() {
            Outcome::Failed(why.to_owned())
        } else {
            Outcome::NotRun(why.to_owned())
        };
        println!("\n== {name}: not run: {why}");
        self.parts.push(Part {
            name: name.to_owned(),
            outcome,
            took: Duration::ZERO,
            tests: Count::default(),
        });
    }

    /// Something that the last lines have to say.
    pub(crate) fn note(&mut self, text: String) {
        println!("note: {text}");
        self.notes.push(text);
    }

    /// Prints the summary and the closing line.
    ///
    /// # Errors
    /// When a part failed.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        println!("\n== summary");
        let mut tests = Count::default();
        let mut failed = 0;
        for part in &self.parts {
            let took = format!("{:.1} s", part.took.as_secs_f64());
            let mut counted = String::new();
            if part.tests != Count::default() {
                counted = format!("  {} passed", part.tests.passed);
                if part.tests.failed > 0 {
                    counted.push_str(&format!(", {} failed", part.tests.failed));
                }
                if part.tests.ignored > 0 {
                    counted.push_str(&format!(", {} ignored", part.tests.ignored));
                }
            }
            match &part.outcome {
                Outcome::Done => println!("ok       {:<34} {took:>9}{counted}", part.name),
                Outcome::Failed(why) => {
                    println!("FAILED   {:<34} {took:>9}{counted}  {why}", part.name);
                }
                Outcome::NotRun(why) => println!("not run  {:<34} {:>9}  {why}", part.name, ""),
            }
            tests.add(part.tests);
            if matches!(part.outcome, Outcome::Failed(_)) {
                failed += 1;
                // A part without tests of its own, or whose tests did not even start, still counts.
                tests.failed += u64::from(part.tests.failed == 0);
            }
        }
        for note in &self.notes {
            println!("note     {note}");
        }
        println!(
            "\ntest result: {}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out; finished in {:.2}s",
            if failed == 0 { "ok" } else { "FAILED" },
            tests.passed,
            tests.failed,
            tests.ignored,
            self.started.elapsed().as_secs_f64(),
        );
        if failed > 0 {
            bail!("{failed} of {} parts failed", self.parts.len());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    fn read(line: &str) -> (u64, u64, u64) {
        let mut count = Count::default();
        count.read(line);
        (count.passed, count.failed, count.ignored)
    }

    #[test]
    fn closing_lines_of_both_runners() {
        assert_eq!(
            read("     Summary [   8.698s] 38 tests run: 37 passed (1 slow), 1 failed, 2 skipped"),
            (37, 1, 0)
        );
        assert_eq!(
            read(
                "     Summary [   0.1s] 3/5 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped"
            ),
            (1, 2, 0)
        );
        assert_eq!(
            read(
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.02s"
            ),
            (5, 0, 1)
        );
        assert_eq!(read("test x ... ok"), (0, 0, 0));
        assert_eq!(
            read("    test result: FAILED. 0 passed; 1 failed; 0 ignored"),
            (0, 0, 0)
        );
    }
}
