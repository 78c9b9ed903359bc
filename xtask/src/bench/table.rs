//! The tables that the benchmark prints, in Markdown, as they stand in `docs/performance.md`.

use super::measure::Cost;

/// A table under a heading, one row a program. The first row is what the others are compared with.
pub(crate) struct Table {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// How many things one run did.
    things: usize,
    cost: Cost,
}

impl Table {
    pub(crate) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, and says on the way that it has been measured.
    pub(crate) fn row(&mut self, name: &str, things: usize, cost: Cost) {
        let (cpu, _) = cost.each(things);
        println!("  {name}: {} ms CPU each", figure(cpu));
        self.rows.push(Row {
            name: name.to_owned(),
            things,
            cost,
        });
    }

    pub(crate) fn print(&self) {
        let base = self
            .rows
            .first()
            .map_or(1.0, |row| row.cost.each(row.things).0);
        println!("\n### {}\n", self.title);
        println!("| | done | CPU ms each | elapsed ms each | CPU to the first | peak MiB |");
        println!("|---|---:|---:|---:|---:|---:|");
        for row in &self.rows {
            let (cpu, elapsed) = row.cost.each(row.things);
            println!(
                "| {} | {} | {} | {} | {} | {} |",
                row.name,
                row.things,
                figure(cpu),
                figure(elapsed),
                figure(cpu / base),
                figure(row.cost.peak as f64 / 1024.0),
            );
        }
    }
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn three_digits() {
        let all = [0.1234, 1.234, 12.34, 123.4, 1234.5].map(figure);
        assert_eq!(all, ["0.123", "1.23", "12.3", "123", "1234"]);
    }
}
