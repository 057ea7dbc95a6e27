//! Processes that are started with all that they start: each leads a group of its own, which ends as a whole.
//!
//! A group is known by its leader's number, which is another's once the leader has been waited for. So its end is seen
//! without that ([`has_ended`], [`await_end`]), the group is signalled, and only then is the leader waited for.

use std::collections::BTreeSet;
use std::io;
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};

/// What a group can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "there are no groups there"))]
pub(crate) enum GroupSignal {
    /// It is asked to end.
    Term,
    /// It ends.
    Kill,
}

/// Has `command` lead a group of its own.
#[cfg(unix)]
pub(crate) fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
pub(crate) fn own_group(_: &mut Command) {}

/// Sends a signal to the process and to what it has started. It must not have been waited for. Where nothing of the group is
/// left, this does nothing.
#[cfg(unix)]
pub(crate) fn signal_group(leader: u32, signal: GroupSignal) {
    use rustix::process::{Signal, kill_process_group};
    let signal = match signal {
        GroupSignal::Term => Signal::TERM,
        GroupSignal::Kill => Signal::KILL,
    };
    if let Some(group) = number(leader) {
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(not(unix))]
pub(crate) fn signal_group(_: u32, _: GroupSignal) {}

/// The leaders of groups that have not ended.
static LEADERS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// A group that ends with the program even if that has no time to end it: see [`kill_all`]. To be dropped before its leader
/// is waited for.
#[derive(Debug)]
pub(crate) struct ListedGroup(u32);

impl ListedGroup {
    /// The group that this process leads.
    pub(crate) fn of(leader: u32) -> Self {
        LEADERS.lock().unwrap_or_else(PoisonError::into_inner).insert(leader);
        Self(leader)
    }
}

impl Drop for ListedGroup {
    fn drop(&mut self) {
        LEADERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// Ends every group that is listed, at once: for a program that ends in the middle of everything.
pub(crate) fn kill_all() {
    // Held to the end: none is waited for meanwhile.
    let leaders = LEADERS.lock().unwrap_or_else(PoisonError::into_inner);
    leaders.iter().for_each(|leader| signal_group(*leader, GroupSignal::Kill));
}

/// Whether the process has ended. Its number stays its own.
///
/// # Errors
///
/// The system's, when there is no such child.
#[cfg(unix)]
pub(crate) fn has_ended(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let process = number(child.id()).ok_or(io::ErrorKind::InvalidInput)?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    match waitid(WaitId::Pid(process), options) {
        Err(rustix::io::Errno::INTR) => Ok(false),
        waited => Ok(waited?.is_some()),
    }
}

/// Whether a child has ended, where a process can only be looked at.
#[cfg(not(unix))]
pub(crate) fn has_ended(child: &mut Child) -> io::Result<bool> {
    child.try_wait().map(|status| status.is_some())
}

/// Waits until the process `leader` has ended. Its number stays its own.
#[cfg(unix)]
pub(crate) fn await_end(leader: u32, _: &Mutex<Child>) {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(process) = number(leader) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while waitid(WaitId::Pid(process), options).is_err_and(|error| error == rustix::io::Errno::INTR) {}
}

/// Waits until a child has ended, where a process can only be looked at.
#[cfg(not(unix))]
pub(crate) fn await_end(_: u32, child: &Mutex<Child>) {
    const LOOK: std::time::Duration = std::time::Duration::from_millis(500);
    while matches!(has_ended(&mut child.lock().unwrap_or_else(PoisonError::into_inner)), Ok(false)) {
        std::thread::sleep(LOOK);
    }
}

#[cfg(unix)]
fn number(process: u32) -> Option<rustix::process::Pid> {
    i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_leader_that_has_ended_keeps_its_number_until_it_is_waited_for() {
        let mut command = Command::new("sh");
        // What it leaves running holds its output open.
        command.args(["-c", "sleep 600 & exit 7"]).stdout(Stdio::piped());
        own_group(&mut command);
        let mut child = command.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        while !has_ended(&mut child).unwrap() {
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(rustix::process::test_kill_process(number(child.id()).unwrap()).is_ok(), "its number is its own");
        signal_group(child.id(), GroupSignal::Kill);
        assert_eq!(io::Read::read(&mut output, &mut [0]).unwrap(), 0, "what it has started has ended");
        assert_eq!(child.wait().unwrap().code(), Some(7));
        assert!(has_ended(&mut child).is_err(), "there is no such child any more");
    }

    #[test]
    fn those_that_are_listed_end_together() {
        let sleeping = || {
            let mut command = Command::new("sleep");
            own_group(command.arg("600"));
            command.spawn().unwrap()
        };
        let (mut listed, mut other) = (sleeping(), sleeping());
        let list = ListedGroup::of(listed.id());
        drop(ListedGroup::of(other.id()));
        kill_all();
        while !has_ended(&mut listed).unwrap() {
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(!has_ended(&mut other).unwrap());
        drop(list);
        assert_eq!(listed.wait().unwrap().signal(), Some(9));
        signal_group(other.id(), GroupSignal::Kill);
        other.wait().unwrap();
    }

    #[test]
    fn one_that_goes_on_is_ended() {
        let mut command = Command::new("sleep");
        own_group(command.arg("600"));
        let mut child = command.spawn().unwrap();
        assert!(!has_ended(&mut child).unwrap());
        signal_group(child.id(), GroupSignal::Term);
        let child = Mutex::new(child);
        let process = child.lock().unwrap().id();
        await_end(process, &child);
        assert!(child.lock().unwrap().wait().unwrap().signal().is_some());
    }
}
