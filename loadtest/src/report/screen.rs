//! The lines at the bottom of a terminal.

use std::io;

/// A terminal with lines at its bottom that are drawn again and again, and text that scrolls by above them.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    drawn: usize,
}

impl<W: io::Write> Screen<W> {
    /// Writes to this terminal.
    pub fn new(out: W) -> Self {
        Self { out, drawn: 0 }
    }

    /// Puts these lines in place of the former ones. They are cut at the terminal's edge: a line that went on in the next
    /// row would be left behind.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let mut text = self.wipe();
        text.push_str("\x1b[?7l");
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str("\x1b[?7h");
        self.drawn = lines.len();
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes a line that stays, in place of the former ones; what was drawn comes back with the next drawing.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn print(&mut self, line: &str) -> io::Result<()> {
        let wiped = self.wipe();
        self.drawn = 0;
        self.out.write_all(format!("{wiped}{line}\n").as_bytes())?;
        self.out.flush()
    }

    /// Up to the first drawn line, and everything from there on away.
    fn wipe(&self) -> String {
        match self.drawn {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\r\x1b[J"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_again_takes_the_place_of_the_former_lines_and_printing_stays() {
        let mut screen = Screen::new(Vec::new());
        let lines = ["one".to_owned(), "two".to_owned()];
        screen.draw(&lines).unwrap();
        screen.draw(&lines).unwrap();
        screen.print("stays").unwrap();
        screen.print("too").unwrap();
        let text = String::from_utf8(screen.out).unwrap();
        let drawn = "\x1b[?7lone\ntwo\n\x1b[?7h";
        let up = "\x1b[2A\r\x1b[J";
        assert_eq!(text, format!("{drawn}{up}{drawn}{up}stays\ntoo\n"));
    }
}
