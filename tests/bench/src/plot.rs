//! The plot: frames a second of each tool on the mixed capture, beside tshark and Python, on a logarithmic scale.

use plotters::prelude::*;

use crate::figures::Figures;
use crate::generate::Kind;

/// Draws it, as SVG. Errors in words.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(figures: &Figures) -> Result<String, String> {
    let mut svg = String::new();
    paint(figures, &mut svg).map_err(|error| error.to_string())?;
    Ok(svg)
}

fn paint(figures: &Figures, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let rows: Vec<_> = figures.rows.iter().filter(|row| row.kind == Kind::Mixed).collect();
    let python = |tool: &str| figures.python.iter().find(|it| it.tool == tool).map(|it| it.theirs);
    let series: [(&str, RGBColor, Vec<Option<f64>>); 3] = [
        ("mcpcap", RGBColor(0x1b, 0x6c, 0xa8), rows.iter().map(|row| Some(row.frames as f64 / row.wall)).collect()),
        ("tshark", RGBColor(0xd9, 0x82, 0x2b), rows.iter().map(|row| Some(row.frames as f64 / row.rival?.0)).collect()),
        ("Python mcpcap 0.10.0", RGBColor(0x7a, 0x7a, 0x7a), rows.iter().map(|row| python(row.tool)).collect()),
    ];
    let height = 90 + 46 * rows.len().max(1) as u32;
    let area = SVGBackend::with_string(svg, (900, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let tools: Vec<&str> = rows.iter().map(|row| row.tool).collect();
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(150)
        .build_cartesian_2d((100.0..100_000_000.0).log_scale(), 0.0..rows.len().max(1) as f64)?;
    let name = |at: &f64| tools.get(at.floor() as usize).copied().unwrap_or_default().to_owned();
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_desc("frames a second, mixed capture")
        .x_label_formatter(&|rate| format!("{rate:.0}"))
        .draw()?;
    for (place, (label, colour, rates)) in series.into_iter().enumerate() {
        let colour = colour.filled();
        let bars = rates.into_iter().enumerate().filter_map(|(row, rate)| {
            let low = row as f64 + 0.12 + 0.25 * place as f64;
            Some(Rectangle::new([(100.0, low), (rate?.max(100.0), low + 0.23)], colour))
        });
        chart
            .draw_series(bars)?
            .label(label)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour));
    }
    for row in 0..tools.len() {
        let at = chart.backend_coord(&(100.0, row as f64 + 0.5));
        area.draw(&Text::new(name(&(row as f64)), (24, at.1 - 8), ("sans-serif", 15)))?;
    }
    chart.configure_series_labels().background_style(WHITE).border_style(BLACK).draw()?;
    area.present()?;
    drop(chart);
    drop(area);
    Ok(())
}
