//! Curves as a picture.

use std::fmt::Write;

use super::Curve;

const WIDTH: usize = 440;
const HEIGHT: usize = 120;
const MARGIN: usize = 60;
const GAP: usize = 56;

/// Panels in rows: a title, and what is drawn. All panels of a row have one scale, so that they can be compared; of each
/// the first `seconds` are shown.
#[must_use]
pub fn svg(rows: &[Vec<(String, &Curve)>], seconds: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let (width, height) = (MARGIN + columns * (WIDTH + GAP), 20 + rows.len() * (HEIGHT + GAP));
    let mut text = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"><rect width="{width}" height="{height}" fill="#fff"/>"##
    );
    for (row, panels) in rows.iter().enumerate() {
        let most = panels.iter().map(|(_, curve)| shown(curve, seconds).max().unwrap_or(0)).max().unwrap_or(0).max(1);
        for (column, (title, curve)) in panels.iter().enumerate() {
            let (x, y) = (MARGIN + column * (WIDTH + GAP), 36 + row * (HEIGHT + GAP));
            panel(&mut text, (x, y), title, curve, (most, seconds));
        }
    }
    text.push_str("</svg>\n");
    text
}

fn shown(curve: &Curve, seconds: usize) -> impl Iterator<Item = u32> + '_ {
    curve.attempts.iter().copied().take(seconds * 10)
}

fn panel(text: &mut String, (x, y): (usize, usize), title: &str, curve: &Curve, (most, seconds): (u32, usize)) {
    let bottom = y + HEIGHT;
    let _ = write!(text, r#"<text x="{x}" y="{}">{title}</text>"#, y - 8);
    let _ = write!(text, r##"<path d="M{x} {y}V{bottom}H{}" fill="none" stroke="#888"/>"##, x + WIDTH);
    let _ = write!(text, r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#, x - 4, y + 10, most * 10);
    let _ = write!(text, r#"<text x="{}" y="{bottom}" text-anchor="end">0 /s</text>"#, x - 4);
    for second in (0..=seconds).step_by((seconds / 6).max(1)) {
        let at = x + second * WIDTH / seconds.max(1);
        let _ = write!(text, r#"<text x="{at}" y="{}" text-anchor="middle">{second} s</text>"#, bottom + 16);
    }
    let _ = write!(text, r##"<path stroke="#c33" stroke-width="1" d=""##);
    for (tenth, count) in shown(curve, seconds).enumerate().filter(|(_, count)| *count > 0) {
        let at = x + tenth * WIDTH / (seconds * 10).max(1);
        let tall = (count as usize * HEIGHT).div_ceil(most as usize);
        let _ = write!(text, "M{at} {bottom}v-{tall}");
    }
    text.push_str(r#""/>"#);
}
