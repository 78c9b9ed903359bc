//! Container images with a PostgreSQL of each version: the official image where it can be pulled,
//! else one made of Debian's packages. Either is made once: its tag holds a digest of the recipe.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use crate::engine::Engine;
use crate::{command, machine};

/// The versions that are tested in containers, and the suite of Debian that has each.
pub(crate) const SUITES: &[(u16, &str)] = &[
    (13, "bullseye"),
    (15, "bookworm"),
    (17, "trixie"),
    (18, "forky"),
];

/// What the tests need beside the server.
const WITH: &[&str] = &[
    "openssl",
    "strace",
    "procps",
    "acl",
    "attr",
    "sudo",
    "e2fsprogs",
    "iproute2",
    "locales",
];

/// What is done when the packages are there: a language that a server can be told to speak.
const FINISH: &str = "localedef -i de_DE -f UTF-8 de_DE.UTF-8";

/// How long a pull may take: a slow one is as good as none.
const PULL: Duration = Duration::from_secs(90);

/// An image that is ready.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    /// Its tag.
    pub(crate) tag: String,
    /// Where it comes from, in words.
    pub(crate) origin: String,
}

impl Image {
    /// The official image as it is pulled.
    fn pulled(version: u16) -> Self {
        let tag = format!("postgres:{version}");
        let origin = format!("the official image {tag}");
        Self { tag, origin }
    }

    /// The official image with what the tests need.
    fn official(version: u16) -> Self {
        let pulled = Self::pulled(version);
        Self {
            tag: tag(version, &pulled.tag),
            ..pulled
        }
    }

    /// The image made of Debian's packages.
    fn debian(version: u16, suite: &str) -> Self {
        Self {
            tag: tag(version, suite),
            origin: format!("packages of Debian {suite}"),
        }
    }
}

/// Why there is no image.
#[derive(Debug)]
pub(crate) enum NoImage {
    /// The archive does not have the suite or the package: the one reason to do without.
    Lacking(String),
    /// Anything else.
    Failed(anyhow::Error),
}

impl fmt::Display for NoImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacking(what) => f.write_str(what),
            Self::Failed(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<anyhow::Error> for NoImage {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Makes images, and remembers whether the engine can pull.
pub(crate) struct Images<'a> {
    root: &'a Path,
    engine: &'a Engine,
    can_pull: bool,
}

impl<'a> Images<'a> {
    pub(crate) fn new(root: &'a Path, engine: &'a Engine) -> Self {
        Self {
            root,
            engine,
            can_pull: true,
        }
    }

    /// An image that has a server and `psql` and need not have more: whatever is here already, else of
    /// the newest version that can be had.
    pub(crate) fn plain(&mut self) -> Result<(u16, Image), NoImage> {
        for &(version, suite) in SUITES.iter().rev() {
            let (official, debian) = (Image::official(version), Image::debian(version, suite));
            let found = [Image::pulled(version), official, debian];
            if let Some(image) = found.into_iter().find(|image| self.has(image)) {
                return Ok((version, image));
            }
        }
        let mut lacking = Vec::new();
        for &(version, _) in SUITES.iter().rev() {
            if self.pull(version) {
                return Ok((version, Image::pulled(version)));
            }
            match self.ready(version) {
                Ok(image) => return Ok((version, image)),
                Err(NoImage::Lacking(what)) => lacking.push(what),
                Err(failed) => return Err(failed),
            }
        }
        Err(NoImage::Lacking(lacking.join("; ")))
    }

    /// The images of `versions`, made where they are not there.
    pub(crate) fn all(mut self, versions: &[u16]) -> BTreeMap<u16, Result<Image, NoImage>> {
        let each = versions
            .iter()
            .map(|&version| (version, self.ready(version)));
        each.collect()
    }

    /// The image of `version`, made if it is not there.
    pub(crate) fn ready(&mut self, version: u16) -> Result<Image, NoImage> {
        let official = Image::official(version);
        if self.has(&official) {
            return Ok(official);
        }
        let Some((_, suite)) = SUITES.iter().find(|(v, _)| *v == version) else {
            return Err(NoImage::Lacking(format!(
                "no suite of Debian is known to have PostgreSQL {version}"
            )));
        };
        let debian = Image::debian(version, suite);
        if self.has(&debian) {
            return Ok(debian);
        }
        if self.pull(version) {
            self.equip(version, &official)?;
            return Ok(official);
        }
        self.bootstrap(version, suite, &debian)?;
        Ok(debian)
    }

    fn has(&self, image: &Image) -> bool {
        command::succeeds(&mut self.engine.command(["image", "inspect", &image.tag]))
    }

    /// Pulls the official image. False where it cannot be.
    fn pull(&mut self, version: u16) -> bool {
        if !self.can_pull {
            return false;
        }
        let name = Image::pulled(version).tag;
        println!("image {version}: trying to pull {name}");
        let seconds = PULL.as_secs().to_string();
        let pull = Command::new("timeout")
            .arg(seconds)
            .args([self.engine.program, "pull", "--quiet", &name])
            .stdout(Stdio::null())
            .status();
        self.can_pull = pull.is_ok_and(|s| s.success());
        if !self.can_pull {
            println!("image {version}: cannot be pulled, which is as good");
        }
        self.can_pull
    }

    /// Adds to the image that was pulled what the tests need.
    fn equip(&self, version: u16, image: &Image) -> anyhow::Result<()> {
        let name = Image::pulled(version).tag;
        let script = format!(
            "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install {} && {FINISH}",
            WITH.join(" ")
        );
        let container = format!("pgcert-image-{version}-{}", std::process::id());
        let run = [
            "run",
            "--name",
            &container,
            "--user",
            "root",
            "--entrypoint",
            "sh",
            &name,
            "-c",
            &script,
        ];
        let made = command::output(&mut self.engine.command(run)).and_then(|_| {
            command::output(
                &mut self
                    .engine
                    .command(["commit", "--quiet", &container, &image.tag]),
            )
        });
        let _ = command::output(&mut self.engine.command(["rm", "--force", &container]));
        made.map(|_| ())
    }

    /// Makes the image with debootstrap.
    fn bootstrap(&self, version: u16, suite: &str, image: &Image) -> Result<(), NoImage> {
        if !machine::is_root() {
            return Err(NoImage::Failed(anyhow::anyhow!("debootstrap needs root")));
        }
        let debootstrap = machine::need("debootstrap", &["debootstrap", "debian-archive-keyring"])?;
        let mirror = mirror();
        if let Some(mirror) = &mirror {
            look_for_suite(self.root, mirror, suite)?;
        }
        println!("image {version}: building from Debian {suite} (a minute)");
        let folder = crate::target(self.root).join("images").join(suite);
        let removed = Scratch::new(folder.clone())?;
        let include = format!("--include=postgresql-{version},{}", WITH.join(","));
        let mut build = Command::new(debootstrap);
        build
            // The image is made anew where the machine fails: nothing has to reach the disk at once.
            .env("DPKG_FORCE", "unsafe-io")
            .args(["--variant=minbase", &include, suite])
            .arg(&folder);
        if let Some(mirror) = &mirror {
            build.arg(mirror);
            // A suite younger than this debootstrap is built as the newest one it knows.
            if !Path::new("/usr/share/debootstrap/scripts")
                .join(suite)
                .exists()
            {
                build.arg("/usr/share/debootstrap/scripts/sid");
            }
        }
        if let Err(error) = command::output(&mut build) {
            let text = format!("{error:#}");
            if let Some(line) = text
                .lines()
                .find(|l| l.contains("Couldn't find these debs"))
            {
                return Err(NoImage::Lacking(format!(
                    "Debian {suite}: {}",
                    line.trim().trim_start_matches("E: ")
                )));
            }
            let log =
                fs::read_to_string(folder.join("debootstrap/debootstrap.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(10)..].join("\n  ");
            return Err(NoImage::Failed(
                error.context(format!("debootstrap.log ends with:\n  {tail}")),
            ));
        }
        command::output(
            Command::new("chroot")
                .arg(&folder)
                .args(["sh", "-ec", FINISH]),
        )?;
        let mut tar = Command::new("tar")
            .arg("-C")
            .arg(&folder)
            .args(["--exclude=./var/cache/apt/archives/*.deb", "-c", "."])
            .stdout(Stdio::piped())
            .spawn()
            .context("tar")?;
        let Some(archive) = tar.stdout.take() else {
            return Err(NoImage::Failed(anyhow::anyhow!("tar has no output")));
        };
        let import = self
            .engine
            .command(["import", "-", &image.tag])
            .stdin(archive)
            .stdout(Stdio::null())
            .status()
            .context("importing the image")?;
        if !tar.wait().context("tar")?.success() || !import.success() {
            return Err(NoImage::Failed(anyhow::anyhow!(
                "importing the image of {suite} failed"
            )));
        }
        drop(removed);
        Ok(())
    }
}

/// A folder that is taken away at the end, whatever comes.
struct Scratch(PathBuf);

impl Scratch {
    fn new(folder: PathBuf) -> anyhow::Result<Self> {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The tag of an image from `source`: another recipe is another tag.
fn tag(version: u16, source: &str) -> String {
    // FNV-1a, 64 bits: the same in every build of this program.
    let recipe = format!("1 {source} {} {FINISH}", WITH.join(" "));
    let digest = recipe.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |d, b| {
        (d ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    });
    format!("pgcert-e2e:{version}-{:08x}", digest >> 32)
}

/// Asks the archive for the suite, so that one that is gone is told from a network that is down.
fn look_for_suite(root: &Path, mirror: &str, suite: &str) -> Result<(), NoImage> {
    let helper = Path::new("/usr/lib/apt/apt-helper");
    if !helper.exists() {
        return Ok(());
    }
    fs::create_dir_all(crate::target(root).join("images")).context("target/images")?;
    let file = crate::target(root)
        .join("images")
        .join(format!("{suite}.release"));
    let asked = command::output(
        Command::new(helper)
            .arg("download-file")
            .arg(format!("{mirror}/dists/{suite}/Release"))
            .arg(&file),
    );
    let _ = fs::remove_file(&file);
    match asked {
        Ok(_) => Ok(()),
        Err(error) if format!("{error:#}").contains("404") => Err(NoImage::Lacking(format!(
            "the archive has no suite {suite}"
        ))),
        Err(error) => Err(NoImage::Failed(error)),
    }
}

/// The archive that this host itself takes Debian's packages from; on another system none, and
/// debootstrap uses its own.
fn mirror() -> Option<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") {
        let mut more: Vec<PathBuf> = folder.flatten().map(|e| e.path()).collect();
        more.sort();
        files.extend(more);
    }
    files
        .iter()
        .filter_map(|f| fs::read_to_string(f).ok())
        .find_map(|text| mirror_in(&text))
}

/// The first archive with a suite of Debian itself (not security, not somebody else's) in a
/// sources file of either form.
fn mirror_in(text: &str) -> Option<String> {
    let releases = [
        "bullseye", "bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable",
    ];
    let ours = |suites: &[&str]| suites.iter().any(|s| releases.contains(s));
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first() == Some(&"deb") {
            let options = words
                .iter()
                .position(|w| w.ends_with(']'))
                .map_or(1, |p| p + 1);
            let start = if words.get(1).is_some_and(|w| w.starts_with('[')) {
                options
            } else {
                1
            };
            if let Some([uri, suite, ..]) = words.get(start..)
                && ours(&[suite])
            {
                return Some((*uri).to_owned());
            }
        }
    }
    for paragraph in text.split("\n\n") {
        let field = |name: &str| {
            let line = paragraph
                .lines()
                .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
            line.map(|l| l.split_whitespace().collect::<Vec<_>>())
                .unwrap_or_default()
        };
        if field("Types").contains(&"deb") && ours(&field("Suites")) {
            return field("URIs").first().map(|u| (*u).to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{mirror_in, tag};

    #[test]
    fn the_mirror_of_the_paragraph_form() {
        let text = "Types: deb\n# http://old.example/debian/2025\nURIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\n\n\
                    Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\n";
        assert_eq!(
            mirror_in(text).as_deref(),
            Some("http://mirror.example/debian")
        );
    }

    #[test]
    fn the_mirror_of_the_line_form() {
        let text = "# deb http://old.example/debian bookworm main\n\
                    deb https://other.example cloud-sdk-bookworm main\n\
                    deb http://mirror.example/security bookworm-security main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main\n";
        assert_eq!(
            mirror_in(text).as_deref(),
            Some("http://mirror.example/debian")
        );
        assert_eq!(
            mirror_in("deb http://m.example/d sid main\n").as_deref(),
            Some("http://m.example/d")
        );
        assert_eq!(
            mirror_in("Types: deb\nURIs: http://node.example\nSuites: nodistro\n"),
            None
        );
    }

    #[test]
    fn another_recipe_is_another_tag() {
        assert_ne!(tag(13, "bullseye"), tag(13, "bookworm"));
        assert!(tag(13, "bullseye").starts_with("pgcert-e2e:13-"));
    }
}
