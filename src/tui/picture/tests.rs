use image::{ExtendedColorType, ImageEncoder as _, Rgb};
use proptest::prelude::*;

use super::*;
use crate::config::PictureMode;
use crate::tui::picture::TerminalFacts;

const JPEG: &[u8] = include_bytes!("../../../assets/samples/screenshot.jpg");
const ROOM: PictureRoom = PictureRoom { columns: 80, rows: 24 };

fn png(width: u32, height: u32, colour: ExtendedColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::png::PngEncoder::new(&mut bytes).write_image(pixels, width, height, colour).unwrap();
    bytes
}

/// A picture with something to see in each corner.
fn colourful(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let part = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap();
        Rgb([part(x, width), part(y, height), part((x * y) % 97, 97)])
    })
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.write_image(colourful(width, height).as_raw(), width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn grid(bytes: &[u8], room: PictureRoom, colours: Colours) -> Grid {
    match Picture::make(bytes, room, PictureMethod::Cells(colours), FontSize::default()).unwrap().shown {
        Shown::Cells(grid) => grid,
        Shown::Graphics(graphics) => panic!("{graphics:?}"),
    }
}

#[test]
fn a_small_picture_is_shown_pixel_by_pixel() {
    let pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 128, 128, 128, 0, 0, 0];
    let bytes = png(2, 3, ExtendedColorType::Rgb8, &pixels);
    let shown = grid(&bytes, ROOM, Colours::True);
    let rgb = |red, green, blue| Some(Tone::Rgb(red, green, blue));
    let cell = |upper, lower| TonedCell { symbol: '▀', upper, lower };
    let rows: Vec<&[TonedCell]> = shown.rows().collect();
    assert_eq!(shown.columns(), 2);
    assert_eq!(
        rows,
        [
            [cell(rgb(255, 0, 0), rgb(0, 0, 255)), cell(rgb(0, 255, 0), rgb(255, 255, 255))],
            [cell(rgb(128, 128, 128), None), cell(rgb(0, 0, 0), None)],
        ]
    );
    let indexed = grid(&bytes, ROOM, Colours::Indexed);
    let first = indexed.rows().next().unwrap()[0];
    assert_eq!((first.upper, first.lower), (Some(Tone::Indexed(196)), Some(Tone::Indexed(21))));
    let grey = indexed.rows().nth(1).unwrap()[0];
    assert_eq!(grey.upper, Some(Tone::Indexed(244)));
    let shades = grid(&bytes, ROOM, Colours::None);
    let symbols: String = shades.rows().flatten().map(|cell| cell.symbol).collect();
    assert_eq!(symbols, "░▓▒ ");
    assert!(shades.rows().flatten().all(|cell| cell.upper.is_none() && cell.lower.is_none()));
}

#[test]
fn every_kind_of_pixels_becomes_colours() {
    let of = |colour, pixels: &[u8]| decode(&png(1, 1, colour, pixels)).unwrap().image.get_pixel(0, 0).0;
    assert_eq!(of(ExtendedColorType::L8, &[7]), [7; 3]);
    assert_eq!(of(ExtendedColorType::La8, &[7, 0]), [255; 3]);
    assert_eq!(of(ExtendedColorType::Rgba8, &[1, 2, 3, 255]), [1, 2, 3]);
    assert_eq!(of(ExtendedColorType::Rgba8, &[0, 0, 0, 128]), [127; 3]);
    let wide: Vec<u8> = [0x1234_u16, 0x5678, 0x9abc].iter().flat_map(|value| value.to_ne_bytes()).collect();
    assert_eq!(of(ExtendedColorType::Rgb16, &wide), [0x12, 0x56, 0x9a]);
}

#[test]
fn proportions_are_kept_and_nothing_is_blown_up() {
    assert_eq!(fit((16, 9), (80, 48)), (16, 9));
    assert_eq!(fit((1920, 1080), (80, 48)), (80, 45));
    assert_eq!(fit((1080, 1920), (80, 48)), (27, 48));
    assert_eq!(fit((10_000, 1), (80, 48)), (80, 1));
    assert_eq!(fit((1, 10_000), (80, 48)), (1, 48));
    assert_eq!(fit((5, 5), (0, 0)), (1, 1));
    let shown = grid(&jpeg(640, 360), PictureRoom { columns: 40, rows: 20 }, Colours::True);
    assert_eq!((shown.columns(), shown.rows().count()), (40, 12));
}

#[test]
fn a_bomb_is_refused_before_anything_is_decoded() {
    // A PNG's header alone: 12,000 × 12,000. Who decoded first would find the bytes of one pixel, and say that instead.
    let mut bomb = png(1, 1, ExtendedColorType::L8, &[0]);
    bomb[16..24].copy_from_slice(&[0, 0, 0x2e, 0xe0, 0, 0, 0x2e, 0xe0]);
    assert_eq!(decode(&bomb).unwrap_err(), PictureError::TooLarge { width: 12_000, height: 12_000 });
    bomb[16..24].copy_from_slice(&[0, 0, 0x1f, 0x40, 0, 0, 0x1f, 0x40]);
    assert_eq!(decode(&bomb).unwrap_err(), PictureError::TooLarge { width: 8_000, height: 8_000 });
    // A WebP that claims 16,384 × 16,384.
    let webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f\0\0\0\0\0\0\0\0\0";
    assert_eq!(decode(webp).unwrap_err(), PictureError::TooLarge { width: 16_384, height: 16_384 });
}

#[test]
fn half_a_jpeg_is_shown_as_far_as_it_goes() {
    let whole = jpeg(320, 200);
    assert_eq!(decode(&whole).unwrap().shortfall, None);
    let half = decode(&whole[..whole.len() / 2]).unwrap();
    assert_eq!(half.shortfall, Some(Shortfall::EndMissing));
    let reference = decode(&whole).unwrap().image;
    assert_eq!(half.image.dimensions(), (320, 200));
    // The upper rows are those of the whole picture.
    assert_eq!(half.image.get_pixel(100, 20), reference.get_pixel(100, 20));
    assert_ne!(half.image.get_pixel(300, 195), reference.get_pixel(300, 195));
}

#[test]
fn half_a_png_is_shown_as_far_as_it_goes() {
    let picture = colourful(200, 120);
    let whole = png(200, 120, ExtendedColorType::Rgb8, picture.as_raw());
    let half = decode(&whole[..whole.len() / 2]).unwrap();
    assert_eq!(half.shortfall, Some(Shortfall::EndMissing));
    assert_eq!(half.image.get_pixel(50, 5), picture.get_pixel(50, 5));
}

#[test]
fn what_cannot_be_shown_says_why() {
    assert_eq!(decode(&JPEG[..50]).unwrap_err(), PictureError::NotReached);
    assert_eq!(decode(b"no picture").unwrap_err(), PictureError::Unrecognised);
    assert!(matches!(decode(&JPEG[..160]), Err(PictureError::Undecodable(_))));
    let mut bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x02\0\0\0\x02\0\0\0\x01\0\x18\0".to_vec();
    bmp.resize(70, 0);
    assert_eq!(decode(&bmp).unwrap_err(), PictureError::NotDecoded(file_format("BMP")));
}

fn file_format(words: &str) -> crate::payload::image::ImageFormat {
    use crate::payload::image::ImageFormat;
    [ImageFormat::Bmp, ImageFormat::Tiff].into_iter().find(|format| format.words() == words).unwrap()
}

#[test]
fn graphics_take_whole_cells_and_are_drawn_where_they_fit() {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    let font = FontSize { width: 8, height: 16 };
    for (kind, begins) in [
        (GraphicsProtocol::Kitty, "\u{1b}_G"),
        (GraphicsProtocol::Sixel, "\u{1b}"),
        (GraphicsProtocol::Iterm2, "\u{1b}"),
    ] {
        let made = Picture::make(&jpeg(100, 50), ROOM, PictureMethod::Graphics(kind), font).unwrap();
        let Shown::Graphics(graphics) = made.shown else { panic!() };
        assert_eq!(graphics.size(), (13, 4));
        let area = Rect::new(0, 0, 20, 6);
        let mut buffer = Buffer::empty(area);
        graphics.draw(area, &mut buffer);
        assert!(buffer[(0, 0)].symbol().starts_with(begins), "{kind:?}");
        assert_eq!(buffer[(14, 0)].symbol(), " ");
        let small = Rect::new(0, 0, 5, 2);
        let mut buffer = Buffer::empty(small);
        graphics.draw(small, &mut buffer);
        assert_eq!(buffer, Buffer::empty(small));
        assert_eq!(forget(kind).is_some(), kind == GraphicsProtocol::Kitty);
    }
}

#[test]
fn the_terminal_is_known_by_its_variables() {
    let around = |term: &str, program: &str| TerminalFacts {
        term: term.to_owned(),
        program: program.to_owned(),
        ..TerminalFacts::default()
    };
    let auto = |around: &TerminalFacts| PictureMethod::choose(PictureMode::Auto, around);
    assert_eq!(auto(&around("xterm-kitty", "")), PictureMethod::Graphics(GraphicsProtocol::Kitty));
    assert_eq!(auto(&around("xterm-256color", "iTerm.app")), PictureMethod::Graphics(GraphicsProtocol::Iterm2));
    assert_eq!(auto(&around("foot", "")), PictureMethod::Graphics(GraphicsProtocol::Sixel));
    assert_eq!(auto(&around("xterm-256color", "")), PictureMethod::Cells(Colours::Indexed));
    let kitty = TerminalFacts { kitty: true, ..around("xterm-256color", "") };
    assert_eq!(auto(&kitty), PictureMethod::Graphics(GraphicsProtocol::Kitty));
    let far = TerminalFacts { ssh: true, ..kitty.clone() };
    assert_eq!(auto(&far), PictureMethod::Cells(Colours::Indexed));
    // Who asks for it by name gets it anywhere.
    assert_eq!(PictureMethod::choose(PictureMode::Kitty, &far), PictureMethod::Graphics(GraphicsProtocol::Kitty));
    let plain = TerminalFacts { no_colour: true, colorterm: "truecolor".to_owned(), ..kitty };
    assert_eq!(PictureMethod::choose(PictureMode::Halfblocks, &plain), PictureMethod::Cells(Colours::None));
    let rich = TerminalFacts { colorterm: "truecolor".to_owned(), ..TerminalFacts::default() };
    assert_eq!(rich.colours(), Colours::True);
    assert_eq!(around("vt100", "").colours(), Colours::None);
    for name in PictureMode::NAMES {
        assert!(name.parse::<PictureMode>().is_ok(), "{name}");
    }
    assert!("chafa".parse::<PictureMode>().unwrap_err().to_string().contains("expected halfblocks"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(
        start in prop::sample::select(vec![&JPEG[..200], JPEG, b"GIF89a\x10\0\x10\0\x80\0\0".as_slice(), b"RIFF\x24\0\0\0WEBPVP8 "]),
        rest in prop::collection::vec(any::<u8>(), 0..200),
        at in 0_usize..200,
        flip in any::<u8>(),
        columns in 0_u16..50,
        rows in 0_u16..20,
    ) {
        let mut bytes = [start, &rest[..]].concat();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let made = Picture::make(&bytes, PictureRoom { columns, rows }, PictureMethod::Cells(Colours::True), FontSize::default());
        if let Ok(Picture { shown: Shown::Cells(grid), .. }) = made {
            prop_assert!(grid.columns() <= columns.max(1));
            prop_assert!(grid.rows().count() <= usize::from(rows.max(1)));
        }
    }
}
