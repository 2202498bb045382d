//! Rows as Apache Parquet, compressed by zstd: plain types that DuckDB, Spark and pandas know.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::report::columns::{COLUMNS, Column, Connection, Kind, SCHEMA, Value, micros, whole};

/// Rows of a group: enough to compress well, few enough to be held.
const GROUP: usize = 1 << 16;

/// A table on its way.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<Held>,
    rows: usize,
    /// From the first row on, or the end.
    writer: Option<SerializedFileWriter<Pipe>>,
    pipe: Pipe,
}

/// What the writer wrote and nobody took yet.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The values of a column in the present group.
struct Held {
    /// For each row whether it has one: parquet's definition levels.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    /// One after the other, and where each ends.
    Text(Vec<u8>, Vec<usize>),
    /// Counts; times in microseconds since the epoch.
    Whole(Vec<i64>),
    Seconds(Vec<f64>),
    Flags(Vec<bool>),
}

impl Values {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Vlan => Self::Text(Vec::new(), Vec::new()),
            Kind::Whole | Kind::Time => Self::Whole(Vec::new()),
            Kind::Seconds => Self::Seconds(Vec::new()),
            Kind::Flag => Self::Flags(Vec::new()),
        }
    }
}

impl Held {
    fn add(&mut self, value: &Value<'_>) {
        let known = match (&mut self.values, value) {
            (Values::Text(bytes, ends), value) => {
                let mut add = |text: &str| {
                    bytes.extend_from_slice(text.as_bytes());
                    ends.push(bytes.len());
                };
                match value {
                    Value::Untrusted(text) => add(text),
                    // A VLAN id beside stacked ones.
                    Value::Whole(n) => add(whole(*n).as_str()),
                    own => return self.levels.push(own.own_text(add).is_some().into()),
                }
                true
            }
            (Values::Whole(held), Value::Whole(n)) => {
                held.push(i64::try_from(*n).unwrap_or(i64::MAX));
                true
            }
            (Values::Whole(held), Value::Time(time)) => {
                held.push(micros(*time));
                true
            }
            (Values::Seconds(held), Value::Seconds(n)) => {
                held.push(*n);
                true
            }
            (Values::Flags(held), Value::Flag(yes)) => {
                held.push(*yes);
                true
            }
            _ => false,
        };
        self.levels.push(known.into());
    }

    fn write(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, Pipe>,
        column: &Column,
    ) -> Result<(), ParquetError> {
        let levels = is_optional(column).then_some(self.levels.as_slice());
        match &mut self.values {
            Values::Text(bytes, ends) => {
                let all = ByteArray::from(std::mem::take(bytes));
                let mut from = 0;
                let part = |end: usize| {
                    let text = all.slice(from, end - from);
                    from = end;
                    text
                };
                let texts: Vec<ByteArray> = ends.drain(..).map(part).collect();
                put::<ByteArrayType>(group, &texts, levels)?;
            }
            Values::Whole(held) => {
                put::<Int64Type>(group, held, levels)?;
                held.clear();
            }
            Values::Seconds(held) => {
                put::<DoubleType>(group, held, levels)?;
                held.clear();
            }
            Values::Flags(held) => {
                put::<BoolType>(group, held, levels)?;
                held.clear();
            }
        }
        self.levels.clear();
        Ok(())
    }
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Pipe>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the table has fewer columns than the list".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

fn is_optional(column: &Column) -> bool {
    column.optional || column.known_late
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text | Kind::Vlan => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (Physical::INT64, None),
        Kind::Time => (
            Physical::INT64,
            Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
        ),
        Kind::Seconds => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    let repetition = if is_optional(column) {
        Repetition::OPTIONAL
    } else {
        Repetition::REQUIRED
    };
    Type::primitive_type_builder(column.key, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
}

fn open(pipe: &Pipe) -> Result<SerializedFileWriter<Pipe>, ParquetError> {
    let fields = COLUMNS.iter().map(|column| field(column).map(Arc::new));
    let schema = Type::group_type_builder("connections")
        .with_fields(fields.collect::<Result<_, _>>()?)
        .build()?;
    let written_by = concat!("flowcheck version ", env!("CARGO_PKG_VERSION"));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(written_by.to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new("schema".to_owned(), SCHEMA.to_owned())]))
        // Statistics of pages would have to be held up to the end.
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    SerializedFileWriter::new(pipe.clone(), Arc::new(schema), Arc::new(properties))
}

impl Table {
    /// Adds a row; what is complete goes to `out`.
    pub(super) fn row(&mut self, out: &mut Vec<u8>, row: &Connection<'_>) -> io::Result<()> {
        if self.columns.is_empty() {
            let held = |column: &Column| Held {
                levels: Vec::new(),
                values: Values::of(column.kind),
            };
            self.columns = COLUMNS.iter().map(held).collect();
        }
        for (held, column) in self.columns.iter_mut().zip(COLUMNS) {
            held.add(&(column.value)(row));
        }
        self.rows += 1;
        if self.rows >= GROUP {
            self.group()?;
            self.pipe.take(out);
        }
        Ok(())
    }

    fn writer(&mut self) -> Result<&mut SerializedFileWriter<Pipe>, ParquetError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => open(&self.pipe)?,
        };
        Ok(self.writer.insert(writer))
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let mut columns = std::mem::take(&mut self.columns);
        let mut group = self.writer()?.next_row_group()?;
        for (held, column) in columns.iter_mut().zip(COLUMNS) {
            held.write(&mut group, column)?;
        }
        group.close()?;
        self.columns = columns;
        self.rows = 0;
        Ok(())
    }

    /// The rest, and the footer, without which it is no table.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.rows > 0 {
            self.group()?;
        }
        self.writer()?.finish()?;
        self.pipe.take(out);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::feed::{Format, list};
    use crate::report::fixture;
    use crate::time::Timestamp;

    #[test]
    fn a_table_is_whole_and_repeats() {
        let mut table = Vec::new();
        list(&mut table, Format::Parquet, &fixture::mixed()).unwrap();
        assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"));
        let mut again = Vec::new();
        list(&mut again, Format::Parquet, &fixture::mixed()).unwrap();
        assert_eq!(table, again);
    }

    #[test]
    fn times_are_the_nearest_microsecond() {
        for (nanos, micro) in [(1_499, 1), (1_501, 2), (-1_499, -1), (-1_501, -2)] {
            assert_eq!(micros(Timestamp::from_nanos(nanos)), micro);
        }
    }
}
