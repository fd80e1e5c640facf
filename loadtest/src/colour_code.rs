//! The number a synthetic camera shows, readable from any decoded frame at any layer.
//!
//! The whole picture is a grid of 4 columns × 3 rows of equal cells. Row by row from the top left, cells 0–7 are
//! the number, most significant bit first, cells 8–11 its checksum, most significant bit first. A cell that is 1
//! is bright (luma 235), a cell that is 0 is dark (luma 16). Readers average the middle of each cell and compare
//! with 128; a checksum that does not fit means `unreadable`, never another number.
//! Numbers 1 to 255 are used: the checksum of 0 differs from an all-dark picture's.

/// Columns of cells.
pub const COLUMNS: usize = 4;
/// Rows of cells.
pub const ROWS: usize = 3;

/// Four bits that change with every single-bit error of the number: 5·high nibble + 3·low nibble + 9, modulo 16.
pub fn checksum(number: u8) -> u8 {
    (5 * (number >> 4))
        .wrapping_add(3 * (number & 15))
        .wrapping_add(9)
        & 15
}

/// Which cells are bright, row by row.
pub fn cells(number: u8) -> [bool; COLUMNS * ROWS] {
    let code = (u16::from(number) << 4) | u16::from(checksum(number));
    std::array::from_fn(|cell| code >> (COLUMNS * ROWS - 1 - cell) & 1 == 1)
}

/// Whether the pixel at (`x`, `y`) of a `width` × `height` picture lies in a bright cell.
pub fn is_bright(cells: &[bool; COLUMNS * ROWS], x: usize, y: usize, width: usize, height: usize) -> bool {
    let column = (x * COLUMNS / width.max(1)).min(COLUMNS - 1);
    let row = (y * ROWS / height.max(1)).min(ROWS - 1);
    cells[row * COLUMNS + column]
}

/// The number in a picture, given the average luma of each cell's middle.
pub fn read(luma: [u8; COLUMNS * ROWS]) -> Option<u8> {
    let code = luma
        .iter()
        .fold(0u16, |code, &value| code << 1 | u16::from(value >= 128));
    let number = u8::try_from(code >> 4).ok()?;
    (number != 0 && u8::try_from(code & 15).ok()? == checksum(number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reads_back_and_no_single_wrong_cell_makes_another() {
        for number in 1..=u8::MAX {
            let luma = cells(number).map(|bright| if bright { 200 } else { 40 });
            assert_eq!(read(luma), Some(number));
            for cell in 0..luma.len() {
                let mut damaged = luma;
                damaged[cell] = 240 - damaged[cell];
                assert_eq!(read(damaged), None, "number {number}, cell {cell}");
            }
        }
    }
}
