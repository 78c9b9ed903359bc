//! The settings on a server's command line, which files cannot override: as `postmaster.opts` in the data folder keeps it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The settings in a `postmaster.opts` (`CreateOptsFile`, read as `PostmasterMain` reads its arguments), in order; the
/// last of a name counts. The folder behind `-D` is not among them: see [`config_folder`].
///
/// ```
/// use pg_config::resolve::command_line;
///
/// let opts = br#"/usr/lib/postgresql/15/bin/postgres "-D" "/d" "-c" "config_file=/etc/pg.conf" "-p" "5433" "--work-mem=8MB""#;
/// let settings = command_line(opts);
/// assert_eq!(settings[0], ("config_file".to_string(), "/etc/pg.conf".to_string()));
/// assert_eq!(settings[1], ("port".to_string(), "5433".to_string()));
/// assert_eq!(settings[2], ("work_mem".to_string(), "8MB".to_string()));
/// ```
pub fn command_line(opts: &[u8]) -> Vec<(String, String)> {
    options(opts)
        .into_iter()
        .filter_map(|(letter, argument)| {
            let named = |name: &str, value: &str| Some((name.to_string(), value.to_string()));
            match letter {
                'c' | '-' => {
                    let (name, value) = argument.split_once('=').unwrap_or((&argument, "true"));
                    named(&name.replace('-', "_").to_ascii_lowercase(), value)
                }
                'B' => named("shared_buffers", &argument),
                'F' => named("fsync", "false"),
                'h' => named("listen_addresses", &argument),
                'i' => named("listen_addresses", "*"),
                'k' => named("unix_socket_directories", &argument),
                'l' => named("ssl", "true"),
                'N' => named("max_connections", &argument),
                'p' => named("port", &argument),
                'S' => named("work_mem", &argument),
                _ => None,
            }
        })
        .collect()
}

/// The folder behind `-D`: beside which the server looks for the files that no setting names.
pub fn config_folder(opts: &[u8]) -> Option<String> {
    let mut options = options(opts).into_iter().rev();
    options
        .find(|(letter, _)| *letter == 'D')
        .map(|(_, folder)| folder)
}

/// Letters and their arguments; `-` for long options.
fn options(opts: &[u8]) -> Vec<(char, String)> {
    let text = String::from_utf8_lossy(opts);
    let mut arguments = text
        .trim_end()
        .split(" \"")
        .skip(1)
        .map(|argument| argument.strip_suffix('"').unwrap_or(argument));
    let mut found = Vec::new();
    while let Some(argument) = arguments.next() {
        if let Some(long) = argument.strip_prefix("--") {
            found.push(('-', long.to_string()));
            continue;
        }
        let Some(mut letters) = argument.strip_prefix('-').map(str::chars) else {
            continue;
        };
        while let Some(letter) = letters.next() {
            if !TAKE_AN_ARGUMENT.contains(letter) {
                found.push((letter, String::new()));
                continue;
            }
            let rest = letters.as_str();
            let value = if rest.is_empty() {
                arguments.next().unwrap_or_default()
            } else {
                rest
            };
            found.push((letter, value.to_string()));
            break;
        }
    }
    found
}

/// The letters of `getopt` in `PostmasterMain` that have a colon behind them.
const TAKE_AN_ARGUMENT: &str = "BbCcDdfhkNoprSTtvW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_option_is_read() {
        let opts = b"/bin/postgres \"-D\" \"/a b\" \"-iF\" \"-h\" \"localhost\" \"-N5\" \"-c\" \"Port=1\" \"-k\" \"\" \"--ssl\"\n";
        let shown: Vec<_> = command_line(opts)
            .into_iter()
            .map(|(n, v)| alloc::format!("{n}={v}"))
            .collect();
        assert_eq!(
            shown,
            [
                "listen_addresses=*",
                "fsync=false",
                "listen_addresses=localhost",
                "max_connections=5",
                "port=1",
                "unix_socket_directories=",
                "ssl=true",
            ]
        );
        assert_eq!(config_folder(opts).as_deref(), Some("/a b"));
        assert_eq!(command_line(b""), []);
        assert_eq!(
            command_line(b"postgres \"-p"),
            [("port".into(), String::new())]
        );
    }
}
