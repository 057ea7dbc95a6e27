//! The drawing: wallpaper, windows with lines of text, a task bar.

use crate::simulate::dice::Dice;

type Colour = [u8; 3];

/// A rectangle in thousandths of the screen: left, top, width, height.
type Box = (u32, u32, u32, u32);

struct Canvas {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

/// Wallpapers, from the top's colour to the bottom's.
const WALLPAPERS: [(Colour, Colour); 4] = [
    ([26, 42, 84], [92, 128, 186]),
    ([64, 30, 72], [214, 120, 108]),
    ([14, 66, 70], [104, 176, 148]),
    ([40, 44, 52], [118, 126, 140]),
];
/// Title bars of windows.
const TITLES: [Colour; 4] = [[66, 133, 244], [94, 92, 180], [52, 140, 110], [196, 92, 66]];
const PAPER: Colour = [250, 250, 252];
const SIDEBAR: Colour = [234, 237, 242];
const INK: Colour = [60, 64, 72];
const FAINT: Colour = [168, 174, 184];
const BAR: Colour = [24, 26, 32];

/// The pixels of a desktop, three bytes each, row after row.
pub(super) fn desktop(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut canvas = Canvas { width, height, pixels: Vec::with_capacity(width as usize * height as usize * 3) };
    canvas.wallpaper(*dice.pick(&WALLPAPERS));
    for _ in 0..dice.between(2, 3) {
        let (wide, tall) = (dice.between(380, 620), dice.between(400, 600));
        let place = (dice.below(1000 - wide), dice.below(900 - tall), wide, tall);
        window(&mut canvas, place, &mut dice);
    }
    canvas.fill((0, 945, 1000, 55), BAR);
    for icon in 0..dice.between(5, 9) {
        canvas.fill((340 + icon * 34, 955, 20, 35), *dice.pick(&TITLES));
    }
    canvas.pixels
}

fn window(canvas: &mut Canvas, place: Box, dice: &mut Dice) {
    let (left, top, wide, tall) = place;
    let title = *dice.pick(&TITLES);
    canvas.fill((left + 6, top + 10, wide, tall), [18, 20, 26]);
    canvas.fill(place, PAPER);
    canvas.fill((left, top, wide, 40), title);
    for (button, colour) in [(0, [255, 95, 86]), (1, [255, 189, 46]), (2, [39, 201, 63])] {
        canvas.fill((left + 10 + button * 14, top + 12, 9, 16), colour);
    }
    canvas.fill((left, top + 40, wide / 5, tall - 40), SIDEBAR);
    let mut row = top + 65;
    while row + 30 < top + tall {
        canvas.fill((left + 12, row, dice.between(wide / 12, wide / 7), 10), FAINT);
        let mut at = left + wide / 5 + 16 + dice.below(3) * 16;
        let end = left + wide - 20;
        // Words of a line, some of them in colour.
        while at + 60 < end && dice.chance(88) {
            let word = dice.between(14, 58);
            let colour = if dice.chance(15) { title } else { INK };
            canvas.fill((at, row, word, 12), colour);
            at += word + 8;
        }
        row += 28;
    }
}

impl Canvas {
    fn wallpaper(&mut self, (top, bottom): (Colour, Colour)) {
        for y in 0..self.height {
            let mixed = |from: u8, to: u8| {
                let (from, to) = (u64::from(from), u64::from(to));
                let (y, height) = (u64::from(y), u64::from(self.height));
                u8::try_from((from * (height - y) + to * y) / height).unwrap_or(u8::MAX)
            };
            let colour = [mixed(top[0], bottom[0]), mixed(top[1], bottom[1]), mixed(top[2], bottom[2])];
            (0..self.width).for_each(|_| self.pixels.extend_from_slice(&colour));
        }
    }

    fn fill(&mut self, (left, top, wide, tall): Box, colour: Colour) {
        let scaled = |thousandths: u32, side: u32| (u64::from(thousandths.min(1000)) * u64::from(side) / 1000) as usize;
        let columns = scaled(left, self.width)..scaled(left + wide, self.width);
        let row_bytes = self.width as usize * 3;
        for y in scaled(top, self.height)..scaled(top + tall, self.height) {
            let row = &mut self.pixels[y * row_bytes..(y + 1) * row_bytes];
            row[columns.start * 3..columns.end * 3]
                .chunks_exact_mut(3)
                .for_each(|pixel| pixel.copy_from_slice(&colour));
        }
    }
}
