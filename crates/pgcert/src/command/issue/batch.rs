//! `pgcert issue --batch`: certificates by the thousand.
//!
//! The file is read twice: first every line is looked over, and nothing is signed unless all are
//! good; then it is worked off in parts, so that memory does not grow with it. What the file must not
//! do in between is change, and that is seen before a changed part is signed.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Read;
use std::path::Path;

use authority::{Authority, IssueOrder, Made, Order, Unlocked};
use hostfile::{FileKind, Ground, NewFiles, Trust};
use pki_core::{Certificate, PublicKey, Subject};
use serde_json::json;

use super::Files;
use super::resume::{Standing, standing};
use super::rows::{BadRow, Row, rows};
use crate::args::IssueMany;
use crate::command::{advice, issuer, request};
use crate::context::{Context, absolute};
use crate::failure::{Failure, shown};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// Runs `pgcert issue --batch`.
pub(super) fn run(args: &IssueMany, context: &Context, output: &mut Output) -> Result<(), Failure> {
    let Some(path) = &args.batch else {
        return Err(Failure::usage("it is not said what to issue"));
    };
    let authority = issuer::open(context)?;
    let folder = absolute(args.out.clone())?;
    let batch = Batch {
        source: Source::of(path)?,
        path,
        args,
        subject: args.subject.clone().unwrap_or_default(),
        authority: &authority,
        folder: &folder,
        context,
    };
    let files = NewFiles::within(&folder, Trust::Owner).map_err(|error| {
        let failure = Failure::because("the folder cannot be written to", &error);
        if error.is_not_found() {
            failure.hint("make it first, or name another one with --out")
        } else {
            failure
        }
    })?;
    hostfile::clear_abandoned(&folder);
    let vetted = batch.vet()?;
    let unlocked = issuer::unlock(&authority, &args.passphrase)?;
    let done = batch.work_off(&vetted, &unlocked, &files, output);
    // Whatever happened: what was written is to stay.
    let synced = files
        .sync()
        .map_err(|error| Failure::because("the files may not be on the disk yet", &error));
    let done = done?;
    synced?;
    output.say(&format!(
        "certificates and keys in {}: {} made, {} there already",
        shown(&folder),
        done.issued,
        done.there
    ));
    if vetted.capped > 0 {
        output.say(&format!(
            "{} of them end with their authority, before their days are over: nothing outlives its issuer",
            vetted.capped
        ));
    }
    if done.issued > 0 {
        output.say("move each key to where it is used by a safe way, and leave no copy here");
    }
    if output.json() {
        output.print_json(json!({
            "changed": done.issued > 0,
            "issued": done.issued,
            "already_there": done.there,
            "ends_with_authority": vetted.capped,
            "folder": folder.to_string_lossy(),
        }))?;
    }
    Ok(())
}

/// Where the lines come from. What cannot be read twice is kept.
enum Source {
    File,
    Kept(Vec<u8>),
}

impl Source {
    fn of(path: &Path) -> Result<Self, Failure> {
        let cannot = |error| Failure::because("the batch cannot be read", &error);
        match hostfile::metadata(path).map_err(cannot)? {
            Some(found) if found.kind == FileKind::File => Ok(Self::File),
            _ => hostfile::read_stream(path).map(Self::Kept).map_err(cannot),
        }
    }

    fn open<'a>(&'a self, path: &Path) -> Result<Box<dyn Read + 'a>, Failure> {
        match self {
            Self::Kept(bytes) => Ok(Box::new(bytes.as_slice())),
            Self::File => match hostfile::reader(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(Failure::because("the batch cannot be read", &error)),
            },
        }
    }
}

/// All that is the same for every line.
struct Batch<'a> {
    source: Source,
    path: &'a Path,
    args: &'a IssueMany,
    subject: Subject,
    authority: &'a Authority,
    folder: &'a Path,
    context: &'a Context,
}

/// What the first reading found.
struct Vetted {
    rows: u64,
    /// How many end with the authority, before their days are over.
    capped: u64,
    /// A hash of each part.
    parts: Vec<u64>,
}

/// What the second one did.
#[derive(Default)]
struct Done {
    issued: u64,
    there: u64,
}

impl Batch<'_> {
    /// Every line, or the reasons why not: nothing is signed.
    fn vet(&self) -> Result<Vetted, Failure> {
        let holder = self.authority.certificate().public_key();
        let mut vetted = Vetted {
            rows: 0,
            capped: 0,
            parts: Vec::new(),
        };
        let (mut wrong, mut more) = (Vec::new(), 0_u64);
        let mut names = HashSet::new();
        for part in self.parts()? {
            vetted.parts.push(hash(&part));
            for row in part {
                vetted.rows += 1;
                let verdict = row.and_then(|row| self.vet_row(&row, &holder, &mut names));
                match verdict {
                    Ok(capped) => vetted.capped += u64::from(capped),
                    Err(error) if wrong.len() < SHOWN => wrong.push(error.to_string()),
                    Err(_) => more += 1,
                }
            }
        }
        if wrong.is_empty() {
            return Ok(vetted);
        }
        let mut text = format!("nothing was issued: {}", self.path.display());
        for error in wrong {
            text.push_str(&format!("\n  {error}"));
        }
        if more > 0 {
            text.push_str(&format!("\n  and {more} more"));
        }
        Err(Failure::new(text))
    }

    /// Whether it ends with the authority.
    fn vet_row(
        &self,
        row: &Row,
        holder: &PublicKey,
        names: &mut HashSet<u64>,
    ) -> Result<bool, BadRow> {
        let bad = |field, reason: String| BadRow {
            line: row.line,
            field,
            reason,
        };
        if !names.insert(hash(&installer::stem(&row.name))) {
            let reason = format!("{} is there twice", row.name);
            return Err(bad(Some("name"), reason));
        }
        let days = row.days.unwrap_or(self.args.days);
        let order = IssueOrder {
            kind: row.kind,
            name: &row.name,
            subject: &self.subject,
            alt_names: &row.alt_names,
            days,
            // The one that is made later is as good.
            public_key: holder,
            by: &self.context.account.name,
            request: None,
        };
        let now = self.context.now;
        let validity = self
            .authority
            .vet(&order, now)
            .map_err(|error| bad(None, error.to_string()))?;
        let files = Files::of(&row.name, self.folder);
        let taken = if self.args.resume {
            standing((row.kind, &row.name), &files, self.authority, now).map(|_| ())
        } else {
            request::vacant(&files.key).and_then(|()| request::vacant(&files.certificate))
        };
        taken.map_err(|failure| bad(None, failure.message().to_owned()))?;
        Ok(validity.not_after < now.plus_days(days.into()))
    }

    /// Issues and writes all of it, part by part.
    fn work_off(
        &self,
        vetted: &Vetted,
        unlocked: &Unlocked<'_>,
        files: &NewFiles,
        output: &mut Output,
    ) -> Result<Done, Failure> {
        let interrupt = Interrupt::catch()
            .map_err(|error| Failure::because("signals cannot be caught", &error))?;
        let mut done = Done::default();
        let mut expected = vetted.parts.iter();
        for part in self.parts()? {
            let stopped = |why: &str| {
                Failure::new(format!(
                    "{why}: {} certificates were issued and are in {}, the rest is not",
                    done.issued,
                    self.folder.display()
                ))
                .hint("the same again with --resume goes on")
            };
            if interrupt.requested() {
                return Err(stopped("interrupted"));
            }
            if expected.next() != Some(&hash(&part)) {
                return Err(stopped("the batch changed while it was read"));
            }
            let part: Vec<Row> = part.into_iter().flatten().collect();
            let wanted = self.without_what_is_there(&part, files)?;
            done.there += (part.len() - wanted.len()) as u64;
            self.issue(&wanted, unlocked, files)?;
            done.issued += wanted.len() as u64;
            output.progress(done.issued + done.there, vetted.rows, "certificates");
        }
        Ok(done)
    }

    fn issue(
        &self,
        wanted: &[&Row],
        unlocked: &Unlocked<'_>,
        files: &NewFiles,
    ) -> Result<(), Failure> {
        let orders: Vec<_> = wanted
            .iter()
            .map(|row| Order {
                kind: row.kind,
                name: &row.name,
                subject: &self.subject,
                alt_names: &row.alt_names,
                days: row.days.unwrap_or(self.args.days),
                key_type: row.key_type.unwrap_or(self.args.key_type),
            })
            .collect();
        let by = &self.context.account.name;
        let made = unlocked
            .issue_many(&orders, by, self.context.now)
            .map_err(|error| {
                advice::authority_failed("the rest of the batch cannot be issued", &error)
            })?;
        for (at, (row, one)) in wanted.iter().zip(&made).enumerate() {
            let stem = installer::stem(&row.name);
            if let Err(error) = self.write(&stem, one, files) {
                for left in &made[at..] {
                    issuer::nobody_has(&left.certificate, self.authority, self.context);
                }
                let what = format!("the files of {} cannot be written", row.name);
                return Err(Failure::because(what, &error)
                    .hint("what was issued before is there; --resume goes on"));
            }
        }
        Ok(())
    }

    /// Writes both files, or none.
    fn write(&self, stem: &str, made: &Made, files: &NewFiles) -> Result<(), hostfile::Error> {
        let key = format!("{stem}.key");
        files.create(key.as_ref(), made.key.to_pkcs8_pem().as_bytes(), &PRIVATE)?;
        self.write_certificate(stem, &made.certificate, files)
            .inspect_err(|_| {
                let _ = files.remove(key.as_ref());
            })
    }

    fn write_certificate(
        &self,
        stem: &str,
        certificate: &Certificate,
        files: &NewFiles,
    ) -> Result<(), hostfile::Error> {
        let pem = certificate.to_pem_with(self.authority.chain());
        // Without a byte it is nothing that anybody could take for one, and --resume makes it whole.
        let name = format!("{stem}.crt");
        files.create_in_place(name.as_ref(), pem.as_bytes(), &PUBLIC)
    }

    /// The rows that are still to be issued. What an interrupted run left half-done is completed.
    fn without_what_is_there<'r>(
        &self,
        part: &'r [Row],
        files: &NewFiles,
    ) -> Result<Vec<&'r Row>, Failure> {
        if !self.args.resume {
            return Ok(part.iter().collect());
        }
        let mut wanted = Vec::new();
        for row in part {
            let stem = installer::stem(&row.name);
            let places = Files::of(&row.name, self.folder);
            let cannot = |error| {
                let what = format!("the files of {} cannot be completed", row.name);
                Failure::because(what, &error)
            };
            // Files without a byte, or with the beginning of what they are to hold.
            let clear = |ending: &str| files.remove(format!("{stem}.{ending}").as_ref());
            match standing(
                (row.kind, &row.name),
                &places,
                self.authority,
                self.context.now,
            )? {
                Standing::Both => {}
                Standing::Key(certificate) => clear("crt")
                    .and_then(|()| self.write_certificate(&stem, &certificate, files))
                    .map_err(cannot)?,
                Standing::Nothing => {
                    clear("key").and_then(|()| clear("crt")).map_err(cannot)?;
                    wanted.push(row);
                }
            }
        }
        Ok(wanted)
    }

    /// The lines, a few hundred at a time.
    fn parts(&self) -> Result<impl Iterator<Item = Vec<Result<Row, BadRow>>>, Failure> {
        let cannot = |error: BadRow| {
            let what = format!("nothing was issued: {}", self.path.display());
            Failure::because(what, &error)
        };
        let mut rows = rows(self.path, self.source.open(self.path)?).map_err(cannot)?;
        Ok(std::iter::from_fn(move || {
            let part: Vec<_> = rows.by_ref().take(PART).collect();
            (!part.is_empty()).then_some(part)
        }))
    }
}

fn hash(of: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

const PRIVATE: Ground = Ground {
    owner: None,
    mode: 0o600,
};
const PUBLIC: Ground = Ground {
    owner: None,
    mode: 0o644,
};
/// Lines that are worked off together: two waits for the disk each.
const PART: usize = 500;
/// Lines with errors that are shown.
const SHOWN: usize = 20;
