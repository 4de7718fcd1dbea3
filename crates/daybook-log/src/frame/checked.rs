//! What a frame says of itself, held against what is in it: for whoever trusts no checksum.

use super::{FRAME_HEADER_BYTES, Frame, FrameHeader, Summary};

impl FrameHeader {
    /// Whether these bytes are this header to the last bit, those included that are written as zero and not read.
    pub(crate) fn is_written_as(&self, bytes: &[u8; FRAME_HEADER_BYTES], log_id: u64) -> bool {
        self.encode(log_id) == *bytes
    }

    /// What the header says of these records that is not so.
    pub(crate) fn contradiction(&self, frame: &Frame) -> Option<&'static str> {
        let mut summary = Summary::EMPTY;
        let mut compacted = false;
        for row in frame.rows() {
            if row.unknown_flags() {
                return Some("a record of the frame has flags that nobody wrote");
            }
            if row.compacted() {
                compacted = true;
                if row.time_us != 0 {
                    return Some("a compacted record of the frame has a time");
                }
            } else {
                summary.push(row.app, row.time_us);
            }
        }
        if summary != self.summary {
            return Some("the apps and times in the frame's header are not those of its records");
        }
        if compacted != self.compacted {
            return Some("the frame's header is wrong about whether records are compacted");
        }
        None
    }
}
