//! What the tests of all sources share.

use super::{SourceAnswer, Tunnels};
use crate::config::TunnelName;

/// Whether nothing of `answer` acts on a terminal, however it is shown.
pub(super) fn is_safe(name: TunnelName, answer: SourceAnswer) -> bool {
    let tunnels = Tunnels::decide(vec![(name, answer)], None, None);
    let lines = [tunnels.lines(), vec![tunnels.to_string()]].concat();
    lines.iter().all(|line| !line.contains(crate::text::is_hidden))
}
