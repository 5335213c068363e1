//! Text that arrives in pieces, judged as it arrives.
//!
//! A peer must be failed at the first impossible byte, not at the end of a message that may never
//! come; at most three bytes of an unfinished character wait for the next piece.

use super::Violation;

#[derive(Debug, Default)]
pub(super) struct Text {
    valid: String,
    open: [u8; 4],
    open_len: u8,
}

impl Text {
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Violation> {
        let piece = self.close_character(piece)?;
        match simdutf8::compat::from_utf8(piece) {
            Ok(text) => self.valid.push_str(text),
            Err(error) if error.error_len().is_some() => return Err(Violation::InvalidUtf8),
            Err(error) => {
                let (valid, open) = piece.split_at(error.valid_up_to());
                let valid = simdutf8::basic::from_utf8(valid).expect("checked up to here");
                self.valid.push_str(valid);
                self.open[..open.len()].copy_from_slice(open);
                self.open_len = open.len() as u8;
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<String, Violation> {
        if self.open_len > 0 {
            return Err(Violation::InvalidUtf8);
        }
        Ok(self.valid)
    }

    pub(super) fn len(&self) -> usize {
        self.valid.len() + usize::from(self.open_len)
    }

    pub(super) fn capacity(&self) -> usize {
        self.valid.capacity()
    }

    /// Completes a character that the previous piece left open; gives back what follows it.
    fn close_character<'a>(&mut self, mut piece: &'a [u8]) -> Result<&'a [u8], Violation> {
        while self.open_len > 0
            && let [byte, rest @ ..] = piece
        {
            piece = rest;
            self.open[usize::from(self.open_len)] = *byte;
            self.open_len += 1;
            match std::str::from_utf8(&self.open[..usize::from(self.open_len)]) {
                Ok(character) => {
                    self.valid.push_str(character);
                    self.open_len = 0;
                }
                Err(error) if error.error_len().is_some() => return Err(Violation::InvalidUtf8),
                Err(_) => {}
            }
        }
        Ok(piece)
    }
}
