//! The access line in the `json` format, which production uses: the keys and quotes are written as they are, in the
//! order of the contract, instead of field by field; what does not change from line to line is there already.

use super::AccessRecord;
use crate::correlation::Correlation;
use crate::logs::buffer::Text;
use crate::logs::format::{json, number};

/// More than a line usually has, in bytes.
const USUAL: usize = 512;

pub(super) fn push(out: &mut Text, record: &AccessRecord<'_>, correlation: Option<&Correlation>) {
    out.reserve(USUAL);
    json::before_level(out);
    record.route.push_before_status(out, record.method);
    let [a, b, c] = number::three(record.status.into());
    out.push_ascii(&[a, b, c]);
    json::end_message(out, correlation);
    record.route.push_before_path(out, record.method);
    json::push_text(out, record.path());
    // In one piece: each has to ask whether there is room for it.
    let mut status = *b"\",\"status\":200,\"duration_ms\":";
    status[11..14].copy_from_slice(&[a, b, c]);
    out.push_ascii(&status);
    number::push_millis(out, record.duration);
    out.push_str(",\"bytes\":");
    number::push_u64(out, record.bytes);
    if let Some(client) = record.client_ip {
        out.push_str(",\"client_ip\":\"");
        out.push_ascii(client.as_bytes());
        out.push('"');
    }
    if let Some(agent) = record.user_agent {
        out.push_str(",\"user_agent\":\"");
        out.push_text(agent.json());
        out.push('"');
    }
    if record.aborted {
        out.push_str(",\"aborted\":true");
    }
    json::close(out, false);
}
