//! Owner, mode, ACL, label and extended attributes of a file, and what forbids changing it.

use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Gid, IFlags, Mode, OFlags, Stat, StatxAttributes, StatxFlags, Uid};
use rustix::fs::{XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::fs::{fstat, fsync, ioctl_getflags, statx};
use rustix::io::Errno;
use rustix::process::{getegid, geteuid};

use crate::Error;
use crate::read::read;
use crate::walk::{Last, Trust, walk};

/// Owner and mode for a file or folder that does not exist yet. One that exists keeps its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// User and group id; `None`: those of the acting user.
    pub owner: Option<(u32, u32)>,
    /// Permission bits (07777), whatever the umask and whatever ACL the folder hands down.
    pub mode: u32,
}

/// Gives an existing file the owner (where one is named) and mode of `ground`. Returns whether anything had to change.
///
/// Act as the owner of the folder where that can do it: whoever may write the folder can put another file there.
///
/// # Errors
/// Anything but a regular file with one name is refused: a planted hard link would give another file away.
pub fn set_attributes(path: &Path, ground: &Ground, trust: Trust) -> Result<bool, Error> {
    let spot = walk(path, trust, Last::Follow)?;
    let path = spot.path();
    let failed = |errno| Error::io("change owner and mode of", &path, errno);
    let (file, stat) = spot
        .open_file(OFlags::RDONLY)?
        .ok_or_else(|| failed(Errno::NOENT))?;
    refuse_hard_links(&stat, &path)?;
    let mode = ground.mode & 0o7777;
    let owner = ground.owner.unwrap_or((stat.st_uid, stat.st_gid));
    if (stat.st_uid, stat.st_gid) == owner && stat.st_mode & 0o7777 == mode {
        return Ok(false);
    }
    // The mode goes first where it takes rights away from the new owner's group, and last because chown clears bits.
    fchmod(&file, Mode::from_raw_mode(stat.st_mode & mode)).map_err(failed)?;
    let owned = fchown(
        &file,
        Some(Uid::from_raw(owner.0)),
        Some(Gid::from_raw(owner.1)),
    );
    let moded = owned.and_then(|()| fchmod(&file, Mode::from_raw_mode(mode)));
    if let Err(errno) = moded {
        // Nothing may be left changed; this can only restore what was allowed before.
        let _ = fchown(
            &file,
            Some(Uid::from_raw(stat.st_uid)),
            Some(Gid::from_raw(stat.st_gid)),
        );
        let _ = fchmod(&file, Mode::from_raw_mode(stat.st_mode & 0o7777));
        return Err(failed(errno));
    }
    fsync(&file).map_err(failed)?;
    Ok(true)
}

/// What a new file takes over from its predecessor, or is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attributes {
    uid: u32,
    gid: u32,
    mode: u32,
    /// Extended attributes by name: the ACL is one of them, an SELinux label another.
    extended: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Attributes {
    pub(crate) fn of(file: BorrowedFd<'_>) -> rustix::io::Result<Attributes> {
        let stat = fstat(file)?;
        Ok(Attributes {
            uid: stat.st_uid,
            gid: stat.st_gid,
            mode: stat.st_mode & 0o7777,
            extended: extended_attributes(file)?,
        })
    }

    pub(crate) fn new(ground: &Ground) -> Attributes {
        let (uid, gid) = ground
            .owner
            .unwrap_or_else(|| (geteuid().as_raw(), getegid().as_raw()));
        Attributes {
            uid,
            gid,
            mode: ground.mode & 0o7777,
            extended: Vec::new(),
        }
    }

    /// Owner and group, where they are why the system refused: somebody else's, or a group that the
    /// acting user is not in.
    pub(crate) fn owner_if_refused(&self, errno: Errno) -> Option<(u32, u32)> {
        let own = (geteuid().as_raw(), getegid().as_raw());
        (errno == Errno::PERM && own != (self.uid, self.gid)).then_some((self.uid, self.gid))
    }

    /// Puts them on a file or folder that the acting user made a moment ago, with mode 0600 or 0700.
    pub(crate) fn put_on(&self, file: BorrowedFd<'_>) -> rustix::io::Result<()> {
        let made = fstat(file)?;
        if (made.st_uid, made.st_gid) != (self.uid, self.gid) {
            let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
            fchown(file, Some(uid), Some(gid))?;
        }
        // An ACL handed down by the folder would give more rights than the mode says.
        for name in ACLS {
            match fremovexattr(file, name) {
                Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
                Err(errno) => return Err(errno),
            }
        }
        fchmod(file, Mode::from_raw_mode(self.mode))?;
        let there = extended_attributes(file)?;
        let missing = self.extended.iter().filter(|a| !there.contains(a));
        for (name, value) in missing {
            fsetxattr(file, name.as_slice(), value, XattrFlags::empty())?;
        }
        Ok(())
    }

    /// Whether the file has this owner and mode: the kernel drops set-id bits silently.
    pub(crate) fn hold(&self, stat: &Stat) -> bool {
        (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == (self.uid, self.gid, self.mode)
    }
}

/// Refuses what can be written beside but not be swapped, unlinked or renamed (may_delete() in the kernel's fs/namei.c).
pub(crate) fn refuse_unchangeable(file: BorrowedFd<'_>, path: &Path) -> Result<(), Error> {
    let failed = |errno| Error::io("look at", path, errno);
    let mut flags = StatxAttributes::empty();
    let mut known = StatxAttributes::empty();
    match statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS) {
        Ok(answer) => {
            flags = answer.stx_attributes;
            known = answer.stx_attributes_mask;
        }
        Err(Errno::NOSYS | Errno::PERM) => {}
        Err(errno) => return Err(failed(errno)),
    }
    let (mut immutable, mut append_only) = (
        flags.contains(StatxAttributes::IMMUTABLE),
        flags.contains(StatxAttributes::APPEND),
    );
    // Not every filesystem fills in statx(2). One without such attributes refuses the ioctl too.
    if !known.contains(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND)
        && let Ok(flags) = ioctl_getflags(file)
    {
        immutable |= flags.contains(IFlags::IMMUTABLE);
        append_only |= flags.contains(IFlags::APPEND);
    }
    let path = path.to_owned();
    if immutable || append_only {
        return Err(Error::Immutable {
            path,
            append_only: !immutable,
        });
    }
    Ok(())
}

/// Refuses a file that something is mounted on: rename(2) says EBUSY.
pub(crate) fn refuse_mount(file: BorrowedFd<'_>, path: &Path) -> Result<(), Error> {
    let mounted = match statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS) {
        Ok(answer)
            if answer
                .stx_attributes_mask
                .contains(StatxAttributes::MOUNT_ROOT) =>
        {
            answer.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
        }
        // Before Linux 5.8. Where /proc is missing too, the swap itself will be refused.
        _ => read(Path::new("/proc/self/mountinfo")).is_ok_and(|table| is_mount_in(&table, path)),
    };
    if mounted {
        let path = path.to_owned();
        return Err(Error::MountPoint { path });
    }
    Ok(())
}

/// Whether proc_pid_mountinfo(5) lists the path as a mount point: its fifth column, with blanks and backslashes in octal.
fn is_mount_in(table: &[u8], path: &Path) -> bool {
    let mut escaped = Vec::new();
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => escaped.extend(format!("\\{byte:03o}").bytes()),
            byte => escaped.push(byte),
        }
    }
    let mut lines = table.split(|&byte| byte == b'\n');
    lines.any(|line| line.split(|&byte| byte == b' ').nth(4) == Some(escaped.as_slice()))
}

/// Refuses a file with several names: a swap takes one of them away and leaves the others with the old bytes.
pub(crate) fn refuse_hard_links(stat: &Stat, path: &Path) -> Result<(), Error> {
    if stat.st_nlink > 1 {
        let path = path.to_owned();
        return Err(Error::HardLinks {
            path,
            #[expect(clippy::useless_conversion, reason = "32 bits on some architectures")]
            links: u64::from(stat.st_nlink),
        });
    }
    Ok(())
}

/// Those that belong to the file whatever its bytes.
fn extended_attributes(file: BorrowedFd<'_>) -> rustix::io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let names = match grow(|room| flistxattr(file, room)) {
        Ok(names) => names,
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Vec::new()),
        Err(errno) => return Err(errno),
    };
    let mut all = Vec::new();
    for name in names.split(|&byte| byte == 0) {
        if name.is_empty() || OF_THE_BYTES.iter().any(|of| name.starts_with(of)) {
            continue;
        }
        match grow(|room| fgetxattr(file, name, room)) {
            Ok(value) => all.push((name.to_vec(), value)),
            Err(Errno::NODATA) => {} // taken away since it was listed
            Err(errno) => return Err(errno),
        }
    }
    Ok(all)
}

/// Calls with more and more room until the answer fits.
fn grow(
    mut call: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut room = vec![0; 256];
    loop {
        match call(&mut room) {
            Ok(len) => {
                room.truncate(len);
                return Ok(room);
            }
            Err(Errno::RANGE) if room.len() < XATTR_MAX => room.resize(room.len() * 4, 0),
            Err(errno) => return Err(errno),
        }
    }
}

/// The ACLs that a new file or folder inherits from its folder.
const ACLS: [&str; 2] = ["system.posix_acl_access", "system.posix_acl_default"];

/// Attributes that speak about the bytes (signatures over them, rights of a program) or belong to an overlay's inner workings.
const OF_THE_BYTES: [&[u8]; 4] = [
    b"security.ima",
    b"security.evm",
    b"security.capability",
    b"trusted.overlay.",
];

/// XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h.
const XATTR_MAX: usize = 65536;

#[cfg(test)]
mod tests;
