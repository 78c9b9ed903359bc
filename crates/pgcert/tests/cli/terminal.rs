//! On a terminal: questions are asked there, and passphrases do not show. A pseudo-terminal of our
//! own stands in for the person's; the command has to find it as its controlling terminal, so this
//! test binary starts itself once more to make it one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::place::{PASSPHRASE, Place, binary};

/// A person's side of a terminal on which the command runs.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: String,
    read_to: usize,
}

impl Terminal {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let child = place
            .program(std::env::current_exe().unwrap())
            .args(["--exact", "terminal::becomes_the_command", "--nocapture"])
            .env(TERMINAL, name.to_str().unwrap())
            .env(ARGUMENTS, arguments.join("\n"))
            .env("TERM", "xterm")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let keyboard = File::from(ours);
        let mut reader = keyboard.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The last one to close the terminal ends this with an error.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keyboard,
            screen,
            seen: String::new(),
            read_to: 0,
        }
    }

    /// Waits until the screen shows `text` after what was waited for before.
    fn expect(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(at) = self.seen[self.read_to..].find(text) {
                self.read_to += at + text.len();
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no {text:?} on the screen: {:?}", self.seen),
            }
        }
    }

    /// Types what must not show, once the terminal no longer shows it.
    fn answer_hidden(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        let shows = |terminal: &File| {
            let modes = rustix::termios::tcgetattr(terminal).unwrap().local_modes;
            modes.contains(rustix::termios::LocalModes::ECHO)
        };
        while shows(&self.keyboard) {
            assert!(Instant::now() < end, "what is typed still shows");
            std::thread::sleep(Duration::from_millis(2));
        }
        self.answer(text);
    }

    fn answer(&mut self, text: &str) {
        writeln!(self.keyboard, "{text}").unwrap();
    }

    /// Waits for the end: exit code and all that was on the screen.
    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(200)) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status.code(), self.seen.replace("\r\n", "\n"))
    }
}

const TERMINAL: &str = "TEST_TERMINAL";
const ARGUMENTS: &str = "TEST_ARGUMENTS";

/// Not a test of its own: with a terminal named, this process leads a session on it, then becomes
/// the command under test.
#[test]
fn becomes_the_command() {
    let (Ok(terminal), Ok(arguments)) = (std::env::var(TERMINAL), std::env::var(ARGUMENTS)) else {
        return;
    };
    rustix::process::setsid().unwrap();
    // The first terminal that a session's leader opens becomes its controlling one.
    let terminal = File::options()
        .read(true)
        .write(true)
        .open(terminal)
        .unwrap();
    let error = Command::new(binary())
        .args(arguments.split('\n'))
        .env_remove(TERMINAL)
        .env_remove(ARGUMENTS)
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .stderr(terminal)
        .exec();
    panic!("{error}");
}

#[test]
fn what_is_encrypted_is_opened_or_shown_as_it_is() {
    let place = Place::new();
    place.must(&["request", "client", "x", "--key-passphrase-file", "pp"]);
    for (typed, shown) in [(PASSPHRASE, "public key"), ("", "Private key, encrypted")] {
        let mut terminal = Terminal::start(&place, &["inspect", "x.key"]);
        terminal.expect("Passphrase of x.key: ");
        terminal.answer_hidden(typed);
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(0), "{screen}");
        assert!(
            screen.contains(shown) && !screen.contains(PASSPHRASE),
            "{screen}"
        );
    }
}

#[test]
fn a_new_passphrase_is_asked_for_twice_and_not_shown() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["ca", "init", "--ca-name", "Test CA"]);
    terminal.expect("New passphrase for the authority's key: ");
    terminal.answer_hidden(PASSPHRASE);
    terminal.expect("The same again: ");
    terminal.answer_hidden(PASSPHRASE);
    terminal.expect("made in");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains(PASSPHRASE), "{screen}");
    // It is the one that opens the key.
    place.must(&["request", "client", "slardiere"]);
    place.must(&["sign", "slardiere.csr", "--yes", "--passphrase-file", "pp"]);
}

#[test]
fn two_different_ones_make_nothing() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["ca", "init"]);
    terminal.expect("New passphrase");
    terminal.answer_hidden("one");
    terminal.expect("again: ");
    terminal.answer_hidden("two");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(1));
    assert!(screen.contains("the two passphrases differ"), "{screen}");
    assert!(!place.path("authority").exists());
}

#[test]
fn names_are_agreed_to_before_anything_is_signed() {
    let place = Place::with_authority();
    place.must(&["request", "client", "slardiere"]);
    for (answer, signed) in [("", false), ("n", false), ("yess", false), ("y", true)] {
        let mut terminal = Terminal::start(
            &place,
            &[
                "sign",
                "slardiere.csr",
                "--quiet",
                "--passphrase-file",
                "pp",
            ],
        );
        terminal.expect("client certificate for slardiere");
        terminal.expect("Sign with these names? [y/N] ");
        terminal.answer(answer);
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(i32::from(!signed)), "{screen}");
        assert_eq!(place.path("slardiere.crt").exists(), signed, "{answer:?}");
    }
}

#[test]
fn a_plan_is_shown_before_it_is_agreed_to() {
    let place = Place::with_certificates();
    let line = "install client --key slardiere.key --cert slardiere.crt --root root.crt --host localhost --client-home home --no-proof --quiet";
    let arguments: Vec<&str> = line.split(' ').collect();
    let mut terminal = Terminal::start(&place, &arguments);
    terminal.expect("+[localhost]");
    terminal.expect("Do it? [y/N] ");
    terminal.answer("n");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(1), "{screen}");
    assert!(screen.contains("nothing was changed"), "{screen}");
    assert!(!place.path("home/.pg_service.conf").exists());

    let mut terminal = Terminal::start(&place, &arguments);
    terminal.expect("Do it? [y/N] ");
    terminal.answer("yes");
    assert_eq!(terminal.end().0, Some(0));
    assert!(place.path("home/.pg_service.conf").exists());
}

#[test]
fn a_terminal_gets_colour() {
    let place = Place::with_authority();
    let (code, screen) = Terminal::start(&place, &["list"]).end();
    assert_eq!(code, Some(0));
    assert!(screen.contains("\u{1b}[1mKIND"), "{screen:?}");
}

#[test]
fn a_closed_terminal_is_no_answer() {
    let place = Place::with_authority();
    place.must(&["request", "client", "slardiere"]);
    let mut terminal = Terminal::start(
        &place,
        &["sign", "slardiere.csr", "--passphrase-file", "pp"],
    );
    terminal.expect("[y/N] ");
    // Ctrl-D.
    terminal.keyboard.write_all(&[4]).unwrap();
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(1));
    assert!(
        screen.contains("no answer: the terminal was closed"),
        "{screen}"
    );
    assert!(!place.path("slardiere.crt").exists());
}
