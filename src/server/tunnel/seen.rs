//! Which tunnel programs run, seen without asking any of them.
//!
//! On Linux `/proc` has each process's name, arguments and sockets (proc(5)). Elsewhere nothing of the kind is free, so that
//! no program is seen; `[tunnels]` says then what to ask.

use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::sources::is_pinggy;
use crate::config::TunnelName;
use crate::text::hexadecimal;

/// The most processes that are looked at.
const PROCESSES: usize = 20_000;
/// The most descriptors of one process that are looked at.
const DESCRIPTORS: usize = 4096;
/// The most bytes of a command line that are read.
const ARGUMENT_BYTES: u64 = 16 * 1024;
/// The most bytes of a table of sockets that are read: one socket takes 150.
const TABLE_BYTES: u64 = 2 * 1024 * 1024;
/// The most programs that are looked at more closely.
const PROGRAMS: usize = 32;

/// A program that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenProgram {
    pub(super) name: TunnelName,
    /// Its process.
    pub(super) process: u32,
    /// What it was started with, its own name first.
    pub(super) arguments: Vec<String>,
    /// Where it listens on this machine; `None` where that may not be seen, as with another user's.
    pub(super) listens: Option<Vec<SocketAddr>>,
}

/// Looks at every process of `proc`, which is `/proc`.
pub(super) fn look(proc: &Path) -> Vec<SeenProgram> {
    let own = std::process::id();
    let entries = std::fs::read_dir(proc).into_iter().flatten().flatten().take(PROCESSES);
    let processes = entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let mut seen: Vec<SeenProgram> = processes
        .filter(|(process, _)| *process != own)
        .filter_map(|(process, folder)| program(process, &folder, proc))
        .take(PROGRAMS)
        .collect();
    seen.sort_by_key(|program| (program.name, program.process));
    seen
}

fn program(process: u32, folder: &Path, proc: &Path) -> Option<SeenProgram> {
    let name = read(&folder.join("comm"), 64)?;
    let name = name.trim_end();
    // Most processes are told from their names alone.
    if !NAMES.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let arguments = read(&folder.join("cmdline"), ARGUMENT_BYTES)?;
    let arguments: Vec<String> = arguments.split_terminator('\0').map(str::to_owned).collect();
    let tunnel = tunnel_of(name, &arguments)?;
    Some(SeenProgram { name: tunnel, process, listens: listens(folder, proc), arguments })
}

/// Names of processes, and which arguments tell those apart that do other things under the same name.
const NAMES: [(&str, TunnelName); 8] = [
    ("cloudflared", TunnelName::Cloudflared),
    ("tailscaled", TunnelName::Tailscale),
    ("tailscale", TunnelName::Tailscale),
    ("zrok", TunnelName::Zrok),
    ("zrok2", TunnelName::Zrok),
    ("devtunnel", TunnelName::Devtunnel),
    ("pinggy", TunnelName::Pinggy),
    ("ssh", TunnelName::Pinggy),
];

/// Which tunnel a process of this name with these arguments holds open.
fn tunnel_of(name: &str, arguments: &[String]) -> Option<TunnelName> {
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    let (_, tunnel) = NAMES.iter().find(|(known, _)| *known == name)?;
    let is_it = match name {
        // `cloudflared access` listens for something of the person's own.
        "cloudflared" => has("tunnel") && !has("access"),
        "zrok" | "zrok2" => has("agent"),
        "devtunnel" => has("host"),
        "tailscale" => has("funnel"),
        "pinggy" | "ssh" => is_pinggy(name, arguments),
        _ => true,
    };
    is_it.then_some(*tunnel)
}

/// Where the process of this folder listens: the sockets among its descriptors, looked up in the tables of its network.
fn listens(folder: &Path, proc: &Path) -> Option<Vec<SocketAddr>> {
    // In another network, such as a container's, its ports are not those of this machine.
    let network = |folder: &Path| std::fs::read_link(folder.join("ns/net")).ok();
    if network(folder)? != network(&proc.join("self"))? {
        return Some(Vec::new());
    }
    let descriptors = std::fs::read_dir(folder.join("fd")).ok()?.flatten().take(DESCRIPTORS);
    let inodes: Vec<u64> = descriptors
        .filter_map(|descriptor| {
            let link = std::fs::read_link(descriptor.path()).ok()?;
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        })
        .collect();
    if inodes.is_empty() {
        return Some(Vec::new());
    }
    let mut found: Vec<SocketAddr> = Vec::new();
    for table in ["net/tcp", "net/tcp6"] {
        let text = read(&folder.join(table), TABLE_BYTES).unwrap_or_default();
        found.extend(listening(&text).filter(|(inode, _)| inodes.contains(inode)).map(|(_, address)| address));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// The sockets of a table that listen, by inode, with the address at which this machine reaches them.
fn listening(table: &str) -> impl Iterator<Item = (u64, SocketAddr)> {
    const LISTEN: &str = "0A";
    table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let local = fields.next()?;
        let state = fields.nth(1)?;
        let inode = fields.nth(5)?.parse().ok()?;
        if state != LISTEN {
            return None;
        }
        let (address, port) = local.split_once(':')?;
        let port = u16::try_from(hexadecimal(port)?).ok()?;
        Some((inode, SocketAddr::new(reachable(address)?, port)))
    })
}

/// Reads an address of such a table: 32-bit words in hexadecimal, each in the machine's own order. "Any" is loopback.
fn reachable(words: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let value = hexadecimal(words.get(at * 8..at * 8 + 8)?)?;
        u32::try_from(value).ok().map(u32::to_ne_bytes)
    };
    match words.len() {
        8 => {
            let address = Ipv4Addr::from(word(0)?);
            Some(if address.is_unspecified() { Ipv4Addr::LOCALHOST } else { address }.into())
        }
        32 => {
            let mut octets = [0; 16];
            for (at, octets) in octets.chunks_exact_mut(4).enumerate() {
                octets.copy_from_slice(&word(at)?);
            }
            let address = Ipv6Addr::from(octets);
            Some(if address.is_unspecified() { Ipv6Addr::LOCALHOST } else { address }.into())
        }
        _ => None,
    }
}

fn read(file: &Path, limit: u64) -> Option<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(file).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("cloudflared tunnel --url http://localhost:3000", Some(TunnelName::Cloudflared))]
    #[case("cloudflared --config /etc/x.yml tunnel run", Some(TunnelName::Cloudflared))]
    #[case("cloudflared access tcp --hostname db.example.com --url localhost:5432", None)]
    #[case("zrok2 agent start", Some(TunnelName::Zrok))]
    #[case("zrok access private x", None)]
    #[case("devtunnel host -p 3000", Some(TunnelName::Devtunnel))]
    #[case("devtunnel connect x", None)]
    #[case("tailscaled --state=/var/lib/tailscale/tailscaled.state", Some(TunnelName::Tailscale))]
    #[case("tailscale funnel 3000", Some(TunnelName::Tailscale))]
    #[case("tailscale ping box", None)]
    #[case("ssh -R0:localhost:3000 a.pinggy.io", Some(TunnelName::Pinggy))]
    #[case("ssh example.com", None)]
    #[case("node tunnel agent host", None)]
    fn a_program_is_told_by_its_name_and_arguments(#[case] line: &str, #[case] tunnel: Option<TunnelName>) {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        assert_eq!(tunnel_of(&arguments[0], &arguments), tunnel);
    }

    /// As Linux on a little-endian machine writes it.
    #[cfg(target_endian = "little")]
    #[test]
    fn the_sockets_that_listen_are_read() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4F11 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0000000000000000 100 0 0 10 0
   1: 00000000:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 222 1 0000000000000000 100 0 0 10 0
   2: 0100007F:8B2C 0100007F:4F11 01 00000000:00000000 00:00000000 00000000  1000        0 333 1 0000000000000000 20 4 30 10 -1
";
        let found: Vec<(u64, SocketAddr)> = listening(table).collect();
        assert_eq!(found, [(111, "127.0.0.1:20241".parse().unwrap()), (222, "127.0.0.1:8888".parse().unwrap())]);
        let table = "head\n   0: 00000000000000000000000001000000:4F12 00000000000000000000000000000000:0000 0A \
                     00000000:00000000 00:00000000 00000000  1000        0 444 1 0000000000000000 100 0 0 10 0\n";
        assert_eq!(listening(table).collect::<Vec<_>>(), [(444, "[::1]:20242".parse().unwrap())]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_sockets_of_a_process_are_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let proc = Path::new("/proc");
        let found = listens(&proc.join("self"), proc).unwrap();
        assert!(found.contains(&listener.local_addr().unwrap()), "{found:?}");
        // This process is none of those that are looked for.
        assert!(look(proc).iter().all(|seen| seen.process != std::process::id()));
    }

    #[test]
    fn without_proc_nothing_is_seen() {
        assert_eq!(look(Path::new("/nowhere/at/all")), []);
    }

    proptest! {
        #[test]
        fn any_table_is_read(text in "\\PC{0,20}( [0-9A-F:]{0,40}){0,12}\\n?[ -~\\n]{0,200}") {
            listening(&format!("head\n{text}")).count();
        }
    }
}
