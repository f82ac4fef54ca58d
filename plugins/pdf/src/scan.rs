//! The pictures of a page, painted where the page has them: of a scan, all there is to see.
//! Letters and lines are left out; they are read elsewhere.

use hayro_interpret::font::GlyphRun;
use hayro_interpret::hayro_syntax::page::Page;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps,
    InterpreterCache, InterpreterSettings, LumaData, Paint, SoftMask, TransformExt, interpret_page,
};

/// Dots per point: 200 per inch, at which small print is legible.
const SCALE: f64 = 200.0 / 72.0;
/// Dots of a page; a larger one is painted smaller.
const DOTS_MAX: f64 = 12_000_000.0;
/// Dots along a side.
const SIDE_MAX: f64 = 16_000.0;
/// Points along a side that are averaged for one dot at most.
const POINTS_MAX: u32 = 4;

/// The pictures of `page` as a grey bitmap file; nothing where it has none.
pub fn bitmap<'a>(page: &Page<'a>, cache: &InterpreterCache<'a>) -> Option<Vec<u8>> {
    let (width, height) = page.render_dimensions();
    let (width, height) = (f64::from(width), f64::from(height));
    let fits = SCALE
        .min((DOTS_MAX / (width * height)).sqrt())
        .min(SIDE_MAX / width.max(height));
    let side = |points: f64| (points * fits).round().max(1.0) as usize;
    if !fits.is_finite() || fits <= 0.0 {
        return None;
    }
    let mut sheet = Sheet::new(side(width), side(height));
    let bounds = Rect::new(0.0, 0.0, sheet.width as f64, sheet.height as f64);
    let transform = Affine::scale(fits) * page.initial_transform(true).to_kurbo();
    let settings = InterpreterSettings::default();
    let mut context = Context::new(transform, bounds, cache, page.xref(), settings);
    interpret_page(page, &mut context, &mut sheet);
    sheet.is_painted.then(|| sheet.bitmap())
}

/// A white sheet that is painted on.
struct Sheet {
    width: usize,
    height: usize,
    /// Row by row from the top; 0 is black.
    dots: Vec<u8>,
    is_painted: bool,
}

impl Sheet {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            dots: vec![255; width * height],
            is_painted: false,
        }
    }

    /// Paints a picture of `size` pixels; `look` gives the grey and the opacity, each from 0
    /// to 255, of one of its pixels.
    fn paint(&mut self, transform: Affine, size: (u32, u32), look: impl Fn(u32, u32) -> (u8, u8)) {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        let there = transform.transform_rect_bbox(Rect::new(0.0, 0.0, width, height));
        let back = transform.inverse();
        if !there.is_finite() || !back.is_finite() || size.0 == 0 || size.1 == 0 {
            return;
        }
        self.is_painted = true;
        let range = |from: f64, to: f64, most: usize| {
            let within = |value: f64| value.clamp(0.0, most as f64) as usize;
            within(from.floor())..within(to.ceil())
        };
        // How many pixels of the picture come to lie in one dot.
        let dense = back.determinant().abs().sqrt().ceil().max(1.0);
        let points = (dense as u32).clamp(1, POINTS_MAX);
        let part = |n: u32| (f64::from(n) + 0.5) / f64::from(points);
        for y in range(there.y0, there.y1, self.height) {
            for x in range(there.x0, there.x1, self.width) {
                let dot = &mut self.dots[y * self.width + x];
                let mut sum = 0;
                for (down, right) in (0..points * points).map(|n| (n / points, n % points)) {
                    let at = Point::new(x as f64 + part(right), y as f64 + part(down));
                    let Point { x: px, y: py } = back * at;
                    let is_in = px >= 0.0 && py >= 0.0 && px < width && py < height;
                    let (grey, opacity) = match is_in {
                        true => look(px as u32, py as u32),
                        false => (0, 0),
                    };
                    let (grey, opacity) = (u32::from(grey), u32::from(opacity));
                    sum += (grey * opacity + u32::from(*dot) * (255 - opacity)) / 255;
                }
                *dot = (sum / (points * points)) as u8;
            }
        }
    }

    /// The sheet as a bitmap file of 256 greys.
    fn bitmap(&self) -> Vec<u8> {
        const HEADERS: u32 = 14 + 40 + 256 * 4;
        let row = self.width.next_multiple_of(4);
        let bytes = (row * self.height) as u32;
        let mut file = Vec::with_capacity(HEADERS as usize + bytes as usize);
        file.extend(b"BM");
        for number in [HEADERS + bytes, 0, HEADERS] {
            file.extend(number.to_le_bytes());
        }
        for number in [40, self.width as u32, self.height as u32] {
            file.extend(number.to_le_bytes());
        }
        // One plane of 8 bits.
        file.extend([1, 0, 8, 0]);
        for number in [0, bytes, 7874, 7874, 256, 0] {
            file.extend(u32::to_le_bytes(number));
        }
        for grey in 0..=255 {
            file.extend([grey, grey, grey, 0]);
        }
        // Its rows begin at the bottom.
        for dots in self.dots.chunks_exact(self.width).rev() {
            file.extend(dots);
            file.resize(file.len() + row - self.width, 0);
        }
        file
    }
}

/// The grey of a colour.
fn grey(rgb: &[u8]) -> u8 {
    let [r, g, b] = [rgb[0], rgb[1], rgb[2]].map(u32::from);
    ((r * 299 + g * 587 + b * 114) / 1000) as u8
}

/// The opacity of the pixel at (x, y) of a picture of `size`, from a mask of another size.
fn opacity(mask: Option<&LumaData>, (x, y): (u32, u32), size: (u32, u32)) -> u8 {
    let Some(mask) = mask else { return 255 };
    let scaled = |at: u32, of: u32, to: u32| u64::from(at) * u64::from(to) / u64::from(of.max(1));
    let x = scaled(x, size.0, mask.width) as usize;
    let y = scaled(y, size.1, mask.height) as usize;
    let at = y * mask.width as usize + x;
    mask.data.get(at).copied().unwrap_or(255)
}

impl<'a> Device<'a> for Sheet {
    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let scaled = |(x, y): (f32, f32)| {
            props.transform * Affine::scale_non_uniform(f64::from(x), f64::from(y))
        };
        match image {
            Image::Stencil(stencil) => stencil.with_stencil(
                |mask, paint| {
                    let ink = match paint {
                        Paint::Color(colour) => grey(&colour.to_rgba().to_rgba8()),
                        Paint::Pattern(_) => 0,
                    };
                    let size = (mask.width, mask.height);
                    self.paint(scaled(mask.scale_factors), size, |x, y| {
                        (ink, opacity(Some(&mask), (x, y), size))
                    });
                },
                None,
            ),
            Image::Raster(raster) => raster.with_rgba(
                |image, mask| {
                    let size = (image.width(), image.height());
                    let at = |x: u32, y: u32| y as usize * size.0 as usize + x as usize;
                    let mask = mask.as_ref();
                    match &image {
                        ImageData::Rgb(rgb) => {
                            self.paint(scaled(rgb.scale_factors), size, |x, y| {
                                let pixel = &rgb.data[at(x, y) * 3..][..3];
                                (grey(pixel), opacity(mask, (x, y), size))
                            });
                        }
                        ImageData::Luma(luma) => {
                            self.paint(scaled(luma.scale_factors), size, |x, y| {
                                (luma.data[at(x, y)], opacity(mask, (x, y), size))
                            });
                        }
                    }
                },
                None,
            ),
        }
    }

    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

#[cfg(test)]
mod tests {
    use hayro_interpret::hayro_syntax::Pdf;

    use super::*;

    /// A page of 72 by 36 points with a picture of two pixels, black and white, painted
    /// with `matrix`.
    fn scan(matrix: &str) -> Option<Vec<u8>> {
        let content = format!("q {matrix} cm BI /W 2 /H 1 /CS /G /BPC 8 ID \u{0}\u{7f} EI Q");
        let content = content.replace('\u{7f}', "~");
        let file = format!(
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
             2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
             3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 36]/Contents 4 0 R>>endobj\n\
             4 0 obj<</Length {}>>stream\n{content}\nendstream endobj\n\
             trailer<</Root 1 0 R>>",
            content.len()
        );
        let pdf = Pdf::new(file.into_bytes()).unwrap();
        bitmap(&pdf.pages()[0], &InterpreterCache::new())
    }

    #[test]
    fn pictures_are_painted_where_the_page_has_them() {
        // Dots of the painted page, counted from its top left.
        let dots = |matrix: &str| {
            let file = scan(matrix).unwrap();
            assert_eq!((&file[..2], file.len()), (&b"BM"[..], 1078 + 200 * 100));
            move |x: usize, y: usize| file[1078 + (99 - y) * 200 + x]
        };
        let all = dots("72 0 0 36 0 0");
        assert_eq!((all(10, 50), all(190, 50)), (0, b'~'));
        // The upper half only: the page counts from its bottom.
        let upper = dots("72 0 0 18 0 18");
        assert_eq!((upper(10, 20), upper(10, 80)), (0, 255));
        let turned = dots("0 36 -72 0 72 0");
        assert_eq!((turned(100, 90), turned(100, 10)), (0, b'~'));
        assert!(scan("0 0 0 0 0 0").is_none());
    }
}
