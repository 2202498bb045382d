//! Packets of a capture into a file of their own.

use std::collections::HashMap;
#[cfg(unix)]
use std::fs::Permissions;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
#[cfg(unix)]
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::written::Format;
use crate::frame::{Frame, FramePlace, Interface, InterfaceId, LinkType};
use crate::limits::SNAPLEN;

/// A file that packets are written to: pcap if its name ends in `.pcap`, else pcapng.
pub struct Export {
    out: BufWriter<File>,
    format: Format,
    /// The numbers that interfaces have in the file.
    interfaces: HashMap<InterfaceId, u16>,
    /// The link type of a pcap file, which has one.
    link_type: Option<LinkType>,
    bytes: Vec<u8>,
    packets: u64,
    refused: u64,
    failed: Option<io::Error>,
}

/// What an export holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Exported {
    /// Packets written.
    pub packets: u64,
    /// Packets that a pcap file can't hold: they have another link type than its first one.
    pub refused: u64,
}

impl Export {
    /// Creates the file, readable by its owner alone; what was there is replaced.
    ///
    /// # Errors
    /// It can't be created.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(path)?;
        #[cfg(unix)]
        if file.metadata()?.is_file() {
            // A file that was there keeps its mode otherwise.
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        Ok(Self {
            out: BufWriter::new(file),
            format: Format::of(path),
            interfaces: HashMap::new(),
            link_type: None,
            bytes: Vec::new(),
            packets: 0,
            refused: 0,
            failed: None,
        })
    }

    /// Writes a packet that was captured on `interface`. After a failure nothing more is written.
    pub fn packet(&mut self, interface: Option<&Interface>, frame: &Frame<'_>) {
        if self.failed.is_some() {
            return;
        }
        let first = *self.link_type.get_or_insert(frame.link_type);
        if self.format == Format::Pcap && first != frame.link_type {
            self.refused += 1;
            return;
        }
        self.bytes.clear();
        let number = self.number(interface, frame);
        let frame = Frame {
            place: FramePlace::new(frame.place.number(), InterfaceId(number)),
            ..*frame
        };
        self.format.packet(&mut self.bytes, &frame);
        self.failed = self.out.write_all(&self.bytes).err();
        self.packets += 1;
    }

    /// The interface's number in the file, which it gets with its first packet.
    fn number(&mut self, interface: Option<&Interface>, frame: &Frame<'_>) -> u16 {
        if let Some(number) = self.interfaces.get(&frame.place.interface()) {
            return *number;
        }
        let number = self.interfaces.len() as u16;
        let described = Interface {
            source: 0,
            name: interface.and_then(|interface| interface.name.clone()),
            link_type: frame.link_type,
        };
        if number == 0 {
            let header = self.format.header(std::slice::from_ref(&described), SNAPLEN);
            self.bytes.extend(header);
        } else {
            self.format.interface(&mut self.bytes, &described, SNAPLEN);
        }
        self.interfaces.insert(frame.place.interface(), number);
        number
    }

    /// Hands everything on.
    ///
    /// # Errors
    /// What could not be written.
    pub fn finish(mut self) -> io::Result<Exported> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.interfaces.is_empty() {
            // Without a packet it is an empty capture all the same.
            self.out.write_all(&self.format.header(&[], SNAPLEN))?;
        }
        self.out.flush()?;
        Ok(Exported {
            packets: self.packets,
            refused: self.refused,
        })
    }
}
