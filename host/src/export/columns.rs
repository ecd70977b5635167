//! Rows as columns of Apache Arrow.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, TimestampNanosecondArray,
};
use arrow_buffer::{BooleanBufferBuilder, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Metadata, Schema, SchemaRef, TimeUnit};

use crate::rows::{Cells, Checked, Column, Kind, OF_CAPTURE, Table, Texts, Values, address};

/// The zone of all times.
const UTC: &str = "UTC";
/// Addresses whose texts are kept: in most portions a few hosts speak.
const KNOWN: usize = 256;

/// The columns of a table, and behind them that of the capture, the same in each file of the table. What a column means and in which unit it is
/// stands beside it.
pub fn schema(table: &Table) -> SchemaRef {
    let field = |column: &Column| {
        let unit = column.unit.as_ref().map(|unit| ("unit".to_owned(), unit.clone()));
        let about = unit.into_iter().chain([("meaning".to_owned(), column.meaning.clone())]);
        Field::new(&column.name, of_kind(column.kind), true).with_metadata(about.collect::<Metadata>())
    };
    let capture = Field::new(OF_CAPTURE, DataType::Utf8, true);
    let fields: Vec<Field> = table.columns.iter().map(field).chain([capture]).collect();
    Arc::new(Schema::new(fields).with_metadata([("row", table.row.clone())]))
}

fn of_kind(kind: Kind) -> DataType {
    match kind {
        Kind::Integer => DataType::Int64,
        Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())),
        Kind::Float => DataType::Float64,
        Kind::Truth => DataType::Boolean,
        Kind::Text | Kind::Address => DataType::Utf8,
        Kind::Integers => DataType::List(element(DataType::Int64)),
        Kind::Texts => DataType::List(element(DataType::Utf8)),
    }
}

/// What a list consists of, under the name that Parquet's specification has for it.
fn element(kind: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", kind, false))
}

/// Makes columns of rows.
pub struct Columns {
    schema: SchemaRef,
    capture: String,
    addresses: HashMap<(u8, u64, u64), String>,
}

impl Columns {
    /// For rows of a table about a capture.
    pub fn new(table: &Table, capture: &str) -> Self {
        Self { schema: schema(table), capture: capture.to_owned(), addresses: HashMap::new() }
    }

    /// What columns there are.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Rows as columns.
    ///
    /// # Errors
    /// When they are more than a column can hold: the rows were checked, and have fewer.
    pub fn of(&mut self, rows: &Checked) -> Result<RecordBatch, ArrowError> {
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for values in rows.columns() {
            columns.push(self.column(values, rows.count)?);
        }
        let name = std::iter::repeat_n(self.capture.as_str(), rows.count);
        columns.push(Arc::new(StringArray::from_iter_values(name)));
        RecordBatch::try_new(self.schema(), columns)
    }

    fn column(&mut self, values: &Values, count: usize) -> Result<ArrayRef, ArrowError> {
        let nulls = nulls(&values.absent, count);
        Ok(match &values.cells {
            Cells::Integers(all) => Arc::new(Int64Array::try_new(all.clone().into(), nulls)?),
            Cells::Times(all) => {
                Arc::new(TimestampNanosecondArray::try_new(all.clone().into(), nulls)?.with_timezone(UTC))
            }
            Cells::Floats(all) => Arc::new(Float64Array::try_new(all.clone().into(), nulls)?),
            Cells::Truths(all) => Arc::new(BooleanArray::new(all.as_slice().into(), nulls)),
            Cells::Texts(all) => Arc::new(texts(all, nulls)?),
            Cells::Addresses { versions, high, low } => self.addresses(
                versions.iter().zip(high).zip(low).map(|((version, high), low)| (*version, *high, *low)),
                nulls.as_ref(),
            ),
            Cells::IntegerLists { values, ends } => {
                let values = Arc::new(Int64Array::try_new(values.clone().into(), None)?);
                Arc::new(ListArray::try_new(element(DataType::Int64), offsets(ends)?, values, nulls)?)
            }
            Cells::TextLists { texts: all, ends } => {
                let values = Arc::new(texts(all, None)?);
                Arc::new(ListArray::try_new(element(DataType::Utf8), offsets(ends)?, values, nulls)?)
            }
        })
    }

    /// Addresses as text, each written once as long as it is among those that are known.
    fn addresses(
        &mut self,
        all: impl ExactSizeIterator<Item = (u8, u64, u64)>,
        nulls: Option<&NullBuffer>,
    ) -> ArrayRef {
        let mut built = StringBuilder::with_capacity(all.len(), all.len().saturating_mul(13));
        for (row, key) in all.enumerate() {
            if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                built.append_null();
                continue;
            }
            if let Some(known) = self.addresses.get(&key) {
                built.append_value(known);
                continue;
            }
            let (version, high, low) = key;
            let written = written(address(version, high, low));
            built.append_value(&written);
            if self.addresses.len() >= KNOWN {
                self.addresses.clear();
            }
            self.addresses.insert(key, written);
        }
        Arc::new(built.finish())
    }
}

fn written(address: IpAddr) -> String {
    let mut text = String::with_capacity(15);
    // Writing to a String cannot fail.
    let _ = write!(text, "{address}");
    text
}

/// Which rows have a value; nothing where all have.
fn nulls(absent: &[u32], count: usize) -> Option<NullBuffer> {
    if absent.is_empty() {
        return None;
    }
    let mut present = BooleanBufferBuilder::new(count);
    present.append_n(count, true);
    absent.iter().for_each(|row| present.set_bit(*row as usize, false));
    Some(NullBuffer::new(present.finish()))
}

/// Where each value begins, and where the last one ends.
fn offsets(ends: &[u32]) -> Result<OffsetBuffer<i32>, ArrowError> {
    let end = |end: &u32| i32::try_from(*end).map_err(|_| ArrowError::OffsetOverflowError(*end as usize));
    let offsets: Vec<i32> = std::iter::once(Ok(0)).chain(ends.iter().map(end)).collect::<Result<_, _>>()?;
    Ok(OffsetBuffer::new(ScalarBuffer::from(offsets)))
}

fn texts(texts: &Texts, nulls: Option<NullBuffer>) -> Result<StringArray, ArrowError> {
    StringArray::try_new(offsets(&texts.ends)?, Buffer::from(texts.text.as_bytes()), nulls)
}
