//! What kind of file system something lies on.

use std::fs::File;
use std::path::Path;

/// File systems of the network, and those that a host shares with a virtual machine or a program serves: others can change
/// them without this system knowing, and the kinds of locks that are two on a local disk may be one there. As statfs(2)
/// and linux/magic.h have them: NFS, SMB, CIFS, SMB 2, 9P, FUSE (virtiofs too), Ceph, AFS, the kernel's own AFS, VirtualBox,
/// Coda, Lustre, OCFS2, GFS2, GPFS.
#[cfg(target_os = "linux")]
const REMOTE: [u32; 15] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x0102_1997,
    0x6573_5546,
    0x00c3_6400,
    0x5346_414f,
    0x6b41_4653,
    0x786f_4256,
    0x7375_7245,
    0x0bd0_0bd0,
    0x7461_636f,
    0x0116_1970,
    0x4750_4653,
];

/// Whether `path` lies on one that is shared with others; where that cannot be asked, it does not.
#[cfg(target_os = "linux")]
pub(crate) fn is_remote(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|system| is_of_remote(system.f_type as u64))
}

/// Elsewhere this is not known.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_remote(_: &Path) -> bool {
    false
}

/// Whether the file is known to lie on a disk of this machine.
#[cfg(target_os = "linux")]
pub(crate) fn is_local(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|system| !is_of_remote(system.f_type as u64))
}

/// Elsewhere this is not known.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_local(_: &File) -> bool {
    false
}

/// The field is of another width on each processor, with or without a sign; the numbers have 32 bits.
#[cfg(target_os = "linux")]
fn is_of_remote(kind: u64) -> bool {
    REMOTE.contains(&(kind as u32))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_known_whatever_the_width_of_its_field() {
        for kind in REMOTE {
            assert!(is_of_remote(u64::from(kind)) && is_of_remote(i64::from(kind.cast_signed()).cast_unsigned()));
        }
        // ext4, tmpfs, btrfs, overlayfs.
        assert!(![0xef53, 0x0102_1994, 0x9123_683e, 0x794c_7630].into_iter().any(is_of_remote));
        let folder = tempfile::tempdir().unwrap();
        let file = File::open(folder.path()).unwrap();
        assert_ne!(is_remote(folder.path()), is_local(&file));
    }
}
