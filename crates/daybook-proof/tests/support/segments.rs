//! Segments written again by somebody who knows the format as well as we do: records changed, and every checksum, index and
//! header right again. Written from `docs/log-format.md` alone, so that it is no part of what it is to deceive.
#![allow(dead_code, clippy::unwrap_used, reason = "not every test uses all of it; in tests a panic is a finding")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crc_fast::crc64_nvme;

const HEADER: usize = 64;
const FRAME_HEADER: usize = 80;
const STRIDE: u64 = 64 * 1024;

/// A record as a segment has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub key: [u8; 16],
    pub digest: [u8; 16],
    pub app: u64,
    pub time: i64,
    pub flags: u8,
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
struct Frame {
    offset: u64,
    header: [u8; FRAME_HEADER],
    records: Vec<Record>,
}

/// A segment, taken apart.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    header: Vec<u8>,
    log_id: u64,
    frames: Vec<Frame>,
    closed: bool,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// The segments of a log, in order.
pub fn paths(log: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    paths.sort();
    paths
}

/// Changes one record of a log, wherever it is, and makes everything right again.
pub fn change(log: &Path, position: u64, change: impl FnOnce(&mut Record)) {
    let path = paths(log).into_iter().rfind(|path| first_of(path) <= position).unwrap();
    let mut segment = Segment::read(&path);
    change(segment.records_mut().nth((position - first_of(&path)) as usize).unwrap());
    segment.write();
}

/// The position of the first record of a segment.
pub fn first_of(path: &Path) -> u64 {
    path.file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

impl Segment {
    pub fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let (mut at, mut frames, mut closed) = (HEADER, Vec::new(), false);
        while at + FRAME_HEADER <= bytes.len() && bytes[at..at + 4] == *b"DBFR" {
            let header: [u8; FRAME_HEADER] = bytes[at..at + FRAME_HEADER].try_into().unwrap();
            let (count, stored, raw) =
                (u32_at(&header, 16) as usize, u32_at(&header, 20) as usize, u32_at(&header, 24) as usize);
            let end = at + FRAME_HEADER + count * 32 + stored;
            closed = header[5] & 2 != 0;
            if !closed {
                let payload = &bytes[at + FRAME_HEADER..end];
                let body = &payload[count * 32..];
                let body =
                    if header[5] & 1 != 0 { lz4_flex::block::decompress(body, raw).unwrap() } else { body.to_vec() };
                frames.push(Frame { offset: at as u64, header, records: records(count, payload, &body) });
            }
            at = end;
        }
        let log_id = u64_at(&bytes, 16);
        Self { path: path.to_owned(), header: bytes[..HEADER].to_vec(), log_id, frames, closed }
    }

    pub fn records_mut(&mut self) -> impl Iterator<Item = &mut Record> {
        self.frames.iter_mut().flat_map(|frame| &mut frame.records)
    }

    /// Takes the last record away.
    pub fn drop_last(&mut self) {
        while let Some(frame) = self.frames.last_mut() {
            if frame.records.pop().is_some() {
                break;
            }
            self.frames.pop();
        }
        self.frames.retain(|frame| !frame.records.is_empty());
    }

    /// Writes the segment, everything in it right.
    pub fn write(&self) {
        let mut out = self.header.clone();
        let (mut offsets, mut next) = (BTreeMap::new(), u64_at(&self.header, 24));
        let mut index: Vec<[u64; 5]> = Vec::new();
        let mut whole = [0, i64::MAX as u64, i64::MIN as u64];
        for frame in &self.frames {
            let offset = out.len() as u64;
            offsets.insert(frame.offset, offset);
            let mut header = frame.header;
            let synced = u64_at(&header, 56);
            header[56..64].copy_from_slice(&offsets.get(&synced).unwrap_or(&offset).to_le_bytes());
            header[8..16].copy_from_slice(&next.to_le_bytes());
            next += frame.records.len() as u64;
            let (payload, summary) = payload(&frame.records);
            if !frame.records.is_empty() {
                let raw = (payload.len() - frame.records.len() * 32) as u32;
                header[4] = if frame.records.iter().any(|record| record.flags & 2 != 0) { 2 } else { 1 };
                header[5] = 0;
                header[16..20].copy_from_slice(&(frame.records.len() as u32).to_le_bytes());
                header[20..24].copy_from_slice(&raw.to_le_bytes());
                header[24..28].copy_from_slice(&raw.to_le_bytes());
                put(&mut header, 32, &summary);
                merge(&mut whole, &summary);
                match index.last_mut() {
                    Some(last) if offset < last[1] + STRIDE => {
                        let mut of_last = [last[2], last[3], last[4]];
                        merge(&mut of_last, &summary);
                        last[2..].copy_from_slice(&of_last);
                    }
                    _ => index.push([u64_at(&header, 8), offset, summary[0], summary[1], summary[2]]),
                }
            }
            self.frame(&mut out, header, &payload);
        }
        if self.closed {
            let body: Vec<u8> = index.iter().flatten().flat_map(|number| number.to_le_bytes()).collect();
            let offset = out.len() as u64;
            let mut header = [0; FRAME_HEADER];
            header[..6].copy_from_slice(b"DBFR\x01\x02");
            header[8..16].copy_from_slice(&next.to_le_bytes());
            header[20..24].copy_from_slice(&(body.len() as u32).to_le_bytes());
            header[24..28].copy_from_slice(&(body.len() as u32).to_le_bytes());
            put(&mut header, 32, &whole);
            header[56..64].copy_from_slice(&offset.to_le_bytes());
            self.frame(&mut out, header, &body);
            out.extend_from_slice(&offset.to_le_bytes());
            out.extend_from_slice(b"DAYBKEND");
        }
        let version: u16 = if self.frames.iter().any(|frame| frame.records.iter().any(|record| record.flags & 2 != 0)) {
            2
        } else {
            u16::from_le_bytes([out[8], out[9]])
        };
        out[8..10].copy_from_slice(&version.to_le_bytes());
        let checksum = crc64_nvme(&out[..56]);
        out[56..64].copy_from_slice(&checksum.to_le_bytes());
        fs::write(&self.path, out).unwrap();
    }

    fn frame(&self, out: &mut Vec<u8>, mut header: [u8; FRAME_HEADER], payload: &[u8]) {
        header[64..72].copy_from_slice(&crc64_nvme(payload).to_le_bytes());
        let mut covered = self.log_id.to_le_bytes().to_vec();
        covered.extend_from_slice(&header[..72]);
        header[72..80].copy_from_slice(&crc64_nvme(&covered).to_le_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(payload);
    }
}

fn records(count: usize, payload: &[u8], body: &[u8]) -> Vec<Record> {
    let mut start = count * 21;
    (0..count)
        .map(|at| {
            let length = u32_at(body, count * 16 + at * 4) as usize;
            let bytes = body[start..start + length].to_vec();
            start += length;
            Record {
                key: payload[at * 32..at * 32 + 16].try_into().unwrap(),
                digest: payload[at * 32 + 16..at * 32 + 32].try_into().unwrap(),
                app: u64_at(body, at * 8),
                time: u64_at(body, (count + at) * 8) as i64,
                flags: body[count * 20 + at],
                bytes,
            }
        })
        .collect()
}

/// Identities and body, and the app bits and times of them.
fn payload(records: &[Record]) -> (Vec<u8>, [u64; 3]) {
    let mut summary = [0, i64::MAX as u64, i64::MIN as u64];
    let mut out = Vec::new();
    for record in records {
        out.extend_from_slice(&record.key);
        out.extend_from_slice(&record.digest);
        if record.flags & 2 == 0 {
            merge(&mut summary, &[1 << (record.app & 63), record.time as u64, record.time as u64]);
        }
    }
    out.extend(records.iter().flat_map(|record| record.app.to_le_bytes()));
    out.extend(records.iter().flat_map(|record| record.time.to_le_bytes()));
    out.extend(records.iter().flat_map(|record| (record.bytes.len() as u32).to_le_bytes()));
    out.extend(records.iter().map(|record| record.flags));
    out.extend(records.iter().flat_map(|record| record.bytes.iter().copied()));
    (out, summary)
}

fn merge(into: &mut [u64; 3], other: &[u64; 3]) {
    into[0] |= other[0];
    into[1] = (into[1] as i64).min(other[1] as i64) as u64;
    into[2] = (into[2] as i64).max(other[2] as i64) as u64;
}

fn put(header: &mut [u8], at: usize, numbers: &[u64; 3]) {
    for (index, number) in numbers.iter().enumerate() {
        header[at + index * 8..at + index * 8 + 8].copy_from_slice(&number.to_le_bytes());
    }
}
