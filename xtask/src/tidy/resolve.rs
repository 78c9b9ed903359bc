//! What a written path names: imports, aliases, re-exports and globs followed through the modules
//! of a crate, as far as a reading without types can.
//!
//! Where a name could mean several things, all of them are answered.

use super::tree::{Tree, Written};

/// More steps than any honest chain of aliases takes.
const DEEPEST: usize = 24;

impl Tree {
    /// The paths outside the crate that `path`, written in `module`, may name. What is the crate's
    /// own yields none.
    pub(crate) fn resolve(&self, module: usize, path: &Written) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        self.from(module, path, 0, &mut found);
        found.sort();
        found.dedup();
        found
    }

    fn from(&self, module: usize, path: &Written, depth: usize, found: &mut Vec<Vec<String>>) {
        let Some((first, rest)) = path.segments.split_first() else {
            return;
        };
        if depth > DEEPEST {
            return;
        }
        if path.external {
            found.push(path.segments.clone());
            return;
        }
        match first.as_str() {
            "crate" => self.inside(0, rest, depth + 1, found),
            "self" => self.inside(module, rest, depth + 1, found),
            "super" => {
                let parent = self.modules[module].parent.unwrap_or(0);
                match rest.first() {
                    Some(next) if next == "super" => {
                        let again = Written {
                            segments: rest.to_vec(),
                            external: false,
                        };
                        self.from(parent, &again, depth + 1, found);
                    }
                    _ => self.inside(parent, rest, depth + 1, found),
                }
            }
            "Self" => {}
            _ if self.knows(module, first, depth) => {
                self.inside(module, &path.segments, depth + 1, found);
            }
            _ => found.push(path.segments.clone()),
        }
    }

    /// Goes on from inside `module`.
    fn inside(&self, module: usize, path: &[String], depth: usize, found: &mut Vec<Vec<String>>) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        if depth > DEEPEST {
            return;
        }
        let here = &self.modules[module];
        if let Some(child) = here.children.get(first) {
            self.inside(*child, rest, depth + 1, found);
        }
        for alias in here.names.get(first).into_iter().flatten() {
            let mut whole = alias.clone();
            whole.segments.extend_from_slice(rest);
            // `use time;` and `use time::time;` name the crate from outside, not themselves.
            whole.external |= alias.segments.first() == Some(first);
            self.from(module, &whole, depth + 1, found);
        }
        for glob in &here.globs {
            if let Some(other) = self.local(module, glob, depth + 1)
                && other != module
                && self.knows(other, first, depth + 1)
            {
                self.inside(other, path, depth + 1, found);
            }
        }
    }

    /// Whether `name` is a module or an import in `module`, or comes in through a glob of our own.
    fn knows(&self, module: usize, name: &str, depth: usize) -> bool {
        let here = &self.modules[module];
        here.children.contains_key(name)
            || here.names.contains_key(name)
            || (depth < DEEPEST
                && here.globs.iter().any(|g| {
                    self.local(module, g, depth + 1)
                        .is_some_and(|m| m != module && self.knows(m, name, depth + 4))
                }))
    }

    /// The module of this crate that `path` names, if it is one.
    fn local(&self, module: usize, path: &Written, depth: usize) -> Option<usize> {
        if path.external || depth > DEEPEST {
            return None;
        }
        let mut at = module;
        for (position, segment) in path.segments.iter().enumerate() {
            at = match segment.as_str() {
                "crate" if position == 0 => 0,
                "self" if position == 0 => module,
                "super" => self.modules[at].parent?,
                name => *self.modules[at].children.get(name)?,
            };
        }
        Some(at)
    }
}
