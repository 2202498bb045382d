//! The classic BPF machine: runs what libpcap compiled.
//!
//! libpcap's own interpreter can't be used through the `pcap` crate, which tells it the captured length as the
//! packet's length, so that `greater 1000` fails on a packet of which a short snapshot length kept 96 bytes.

/// One instruction, as in Linux' `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) code: u16,
    pub(super) jump_true: u8,
    pub(super) jump_false: u8,
    pub(super) operand: u32,
}

/// A filter program that passed [`Program::parse`].
#[derive(Clone, Debug)]
pub(super) struct Program(Vec<Instruction>);

const MEMORY_WORDS: usize = 16;

/// Registers and scratch memory.
#[derive(Default)]
struct Machine {
    accumulator: u32,
    index: u32,
    memory: [u32; MEMORY_WORDS],
}

/// What an instruction leads to.
enum Step {
    /// The next instruction but this many.
    Skip(usize),
    /// The program's answer; also a load beyond the captured bytes, which rejects.
    Return(u32),
}

impl Program {
    /// Parses instructions printed as `code jt jf k`, the only form in which the `pcap` crate shows them.
    pub(super) fn parse(lines: impl Iterator<Item = String>) -> Option<Self> {
        lines
            .map(|line| {
                let mut numbers = line.split(' ').map(str::parse::<u32>);
                let mut number = || numbers.next()?.ok();
                Some(Instruction {
                    code: u16::try_from(number()?).ok()?,
                    jump_true: u8::try_from(number()?).ok()?,
                    jump_false: u8::try_from(number()?).ok()?,
                    operand: number()?,
                })
            })
            .collect::<Option<Vec<_>>>()
            .map(Self)
    }

    /// Whether the packet matches. Jumps only go forward, so that every program ends.
    #[inline]
    pub(super) fn matches(&self, packet: &[u8], wire_len: u32) -> bool {
        let mut machine = Machine::default();
        let mut rest = self.0.iter();
        while let Some(instruction) = rest.next() {
            match machine.step(*instruction, packet, wire_len) {
                Step::Skip(0) => {}
                Step::Skip(count) => {
                    if rest.nth(count - 1).is_none() {
                        return false;
                    }
                }
                Step::Return(value) => return value != 0,
            }
        }
        false
    }
}

impl Machine {
    /// The instruction classes are the code's low three bits.
    #[inline]
    fn step(&mut self, instruction: Instruction, packet: &[u8], wire_len: u32) -> Step {
        let Instruction { code, operand, .. } = instruction;
        match code & 0x07 {
            0 => match self.load(code, operand, packet, wire_len) {
                Some(value) => self.accumulator = value,
                None => return Step::Return(0),
            },
            1 => match self.load_index(code, operand, packet, wire_len) {
                Some(value) => self.index = value,
                None => return Step::Return(0),
            },
            2 => self.store(operand, self.accumulator),
            3 => self.store(operand, self.index),
            4 => match self.arithmetic(code, operand) {
                Some(value) => self.accumulator = value,
                None => return Step::Return(0),
            },
            5 => return Step::Skip(self.jump(instruction)),
            6 => {
                return Step::Return(if code & 0x18 == 0x10 {
                    self.accumulator
                } else {
                    operand
                });
            }
            _ if code & 0xf8 == 0x80 => self.accumulator = self.index,
            _ => self.index = self.accumulator,
        }
        Step::Skip(0)
    }

    /// `ld`, `ldh`, `ldb`: the mode is in the upper three bits, the size in the middle two.
    #[inline]
    fn load(&self, code: u16, operand: u32, packet: &[u8], wire_len: u32) -> Option<u32> {
        let offset = match code & 0xe0 {
            0x00 => return Some(operand),
            0x20 => operand,
            0x40 => self.index.checked_add(operand)?,
            0x60 => return Some(self.recall(operand)),
            0x80 => return Some(wire_len),
            _ => return None,
        };
        let bytes = packet.get(offset as usize..)?;
        match code & 0x18 {
            0x00 => bytes.first_chunk().map(|word| u32::from_be_bytes(*word)),
            0x08 => bytes
                .first_chunk()
                .map(|half| u32::from(u16::from_be_bytes(*half))),
            _ => bytes.first().map(|byte| u32::from(*byte)),
        }
    }

    /// `ldx`, with the mode for an IPv4 header's length.
    #[inline]
    fn load_index(&self, code: u16, operand: u32, packet: &[u8], wire_len: u32) -> Option<u32> {
        match code & 0xe0 {
            0x00 => Some(operand),
            0x60 => Some(self.recall(operand)),
            0x80 => Some(wire_len),
            0xa0 => packet
                .get(operand as usize)
                .map(|byte| u32::from(byte & 0x0f) << 2),
            _ => None,
        }
    }

    fn recall(&self, operand: u32) -> u32 {
        self.memory.get(operand as usize).copied().unwrap_or_default()
    }

    fn store(&mut self, operand: u32, value: u32) {
        if let Some(word) = self.memory.get_mut(operand as usize) {
            *word = value;
        }
    }

    /// Division by zero rejects the packet.
    #[inline]
    fn arithmetic(&self, code: u16, operand: u32) -> Option<u32> {
        let left = self.accumulator;
        let right = self.operand(code, operand);
        Some(match code & 0xf0 {
            0x00 => left.wrapping_add(right),
            0x10 => left.wrapping_sub(right),
            0x20 => left.wrapping_mul(right),
            0x30 => left.checked_div(right)?,
            0x40 => left | right,
            0x50 => left & right,
            0x60 => left.checked_shl(right).unwrap_or_default(),
            0x70 => left.checked_shr(right).unwrap_or_default(),
            0x80 => left.wrapping_neg(),
            0x90 => left.checked_rem(right)?,
            0xa0 => left ^ right,
            _ => return None,
        })
    }

    #[inline]
    fn jump(&self, instruction: Instruction) -> usize {
        let Instruction {
            code,
            jump_true,
            jump_false,
            operand,
        } = instruction;
        let (left, right) = (self.accumulator, self.operand(code, operand));
        let holds = match code & 0xf0 {
            0x00 => return operand as usize,
            0x10 => left == right,
            0x20 => left > right,
            0x30 => left >= right,
            _ => left & right != 0,
        };
        usize::from(if holds { jump_true } else { jump_false })
    }

    #[inline]
    fn operand(&self, code: u16, operand: u32) -> u32 {
        if code & 0x08 == 0 { operand } else { self.index }
    }
}
