//! What clients can attach to a conversation: captures, and a guide to each report.

use std::fmt::Write;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate,
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

use super::page::page;
use crate::catalog::Catalog;
use crate::contract::Tool;
use crate::library::tool as captures;
use crate::service::Service;
use crate::tables::tool as query;
use crate::text;
use crate::text::neutral;
use crate::watch::Caller;

const GUIDE: &str = "mcpcap://guide/";
const SCHEMA: &str = "mcpcap://schema/";
/// What tables there are, for those who write SQL.
const TABLES: &str = "mcpcap://tables";
const CAPTURE: &str = "mcpcap://capture/";
/// The guides, for clients that fill in the name of a tool (RFC 6570).
pub(super) const GUIDE_TEMPLATE: &str = "mcpcap://guide/{tool}";
/// The complete schemas of reports, likewise.
pub(super) const SCHEMA_TEMPLATE: &str = "mcpcap://schema/{tool}";
/// The captures, likewise.
pub(super) const CAPTURE_TEMPLATE: &str = "mcpcap://capture/{+path}";
/// How long a client may keep the list: captures come and go.
const TTL_MS: u64 = 10_000;
/// JSON Schema's media type (draft-bhutton-json-schema-01 section 14.1).
const SCHEMA_TYPE: &str = "application/schema+json";
/// The tool that says what a capture is, and the characters of what it says here.
const OVERVIEW: (&str, u64) = ("analyze_capinfos", 8_000);
/// What cannot stand in the path of a URI (RFC 3986 section 3.3), but for `/`.
const ESCAPED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');

/// A page of the list: guides and schemas first, then captures by path.
///
/// # Errors
/// For a cursor that is none of ours.
pub(super) fn list(service: &Service, cursor: Option<&str>) -> Result<ListResourcesResult, ErrorData> {
    let catalog = service.catalog();
    let mut all: Vec<Resource> = catalog.tools.iter().map(|tool| guide(tool)).collect();
    all.extend(catalog.tools.iter().map(|tool| schema(&tool.name, &tool.title)));
    all.push(schema(captures::NAME, captures::TITLE));
    if catalog.has_tables() {
        all.push(schema(query::NAME, query::TITLE));
        all.push(
            Resource::new(TABLES, "tables")
                .with_title("Tables for SQL")
                .with_description(format!("Tables and columns for {}", query::NAME))
                .with_mime_type("text/markdown"),
        );
    }
    all.extend(service.library.list().entries.into_iter().map(|entry| {
        let uri = format!("{CAPTURE}{}", utf8_percent_encode(&entry.path, ESCAPED));
        let mut resource = Resource::new(uri, neutral(&entry.path, 300)).with_mime_type("application/json");
        resource.size = Some(entry.size);
        resource.with_description("A packet capture: what it is, and its path for pcap_file")
    }));
    let (entries, next) = page(all, cursor)?;
    let mut result =
        ListResourcesResult::with_all_items(entries).with_ttl_ms(TTL_MS).with_cache_scope(CacheScope::Private);
    result.next_cursor = next;
    Ok(result)
}

/// How the resources are named.
pub(super) fn templates() -> ListResourceTemplatesResult {
    let guide = ResourceTemplate::new(GUIDE_TEMPLATE, "guide")
        .with_title("Fields of a report")
        .with_description("What each field of a tool's report means")
        .with_mime_type("text/markdown");
    let schema = ResourceTemplate::new(SCHEMA_TEMPLATE, "schema")
        .with_title("Schema of a report")
        .with_description("The complete JSON Schema of a tool's answers")
        .with_mime_type(SCHEMA_TYPE);
    let capture = ResourceTemplate::new(CAPTURE_TEMPLATE, "capture")
        .with_title("A packet capture")
        .with_description("What a capture is, and its path for pcap_file")
        .with_mime_type("application/json");
    ListResourceTemplatesResult::with_all_items(vec![guide, schema, capture])
        .with_ttl_ms(super::LISTS_TTL_MS)
        .with_cache_scope(CacheScope::Public)
}

fn guide(tool: &Tool) -> Resource {
    Resource::new(format!("{GUIDE}{}", tool.name), format!("guide to {}", tool.name))
        .with_title(format!("{}: fields of the report", tool.title))
        .with_description(format!("What each field of a report of {} means", tool.name))
        .with_mime_type("text/markdown")
}

fn schema(tool: &str, title: &str) -> Resource {
    Resource::new(format!("{SCHEMA}{tool}"), format!("schema of {tool}"))
        .with_title(format!("{title}: schema of the report"))
        .with_description(format!("The complete JSON Schema of answers of {tool}"))
        .with_mime_type(SCHEMA_TYPE)
}

/// The content of a resource.
///
/// # Errors
/// When there is none with this URI, or the capture cannot be read.
pub(super) async fn read(
    service: &Arc<Service>,
    caller: &Caller,
    uri: &str,
    cancel: CancellationToken,
) -> Result<ReadResourceResult, ErrorData> {
    let shown = neutral(uri, 300);
    let missing =
        || ErrorData::resource_not_found(format!("there is no resource {shown}"), Some(json!({ "uri": shown })));
    let of_tool = uri.strip_prefix(GUIDE).or_else(|| uri.strip_prefix(SCHEMA));
    let guided = |catalog: &Catalog| of_tool.is_none_or(|name| catalog.tool(name).is_some());
    service.settled_for(guided).await;
    let catalog = service.catalog();
    if let Some(tool) = uri.strip_prefix(GUIDE).and_then(|name| catalog.tool(name)) {
        let text = ResourceContents::text(fields(tool, &catalog), uri).with_mime_type("text/markdown");
        return Ok(ReadResourceResult::new(vec![text]));
    }
    if uri == TABLES && catalog.has_tables() {
        let tables = query::schema(catalog.known_tables().iter().map(AsRef::as_ref));
        let text = ResourceContents::text(tables, uri).with_mime_type("text/markdown");
        return Ok(ReadResourceResult::new(vec![text]));
    }
    let complete = uri.strip_prefix(SCHEMA).and_then(|name| match catalog.tool(name) {
        Some(tool) => Some((**tool.output()).clone()),
        None if name == query::NAME && catalog.has_tables() => Some(query::output()),
        None => (name == captures::NAME).then(captures::output),
    });
    if let Some(schema) = complete {
        let text = ResourceContents::text(Value::Object(schema).to_string(), uri).with_mime_type(SCHEMA_TYPE);
        return Ok(ReadResourceResult::new(vec![text]));
    }
    let path = uri.strip_prefix(CAPTURE).ok_or_else(missing)?;
    let path = percent_decode_str(path).decode_utf8().map_err(|_| missing())?;
    let entry = service.library.find(&path).ok_or_else(missing)?;
    let path = entry.file.to_str().ok_or_else(missing)?;
    let modified = entry.modified.and_then(|modified| OffsetDateTime::from(modified).format(&Rfc3339).ok());
    let mut about = json!({ "pcap_file": path, "size": entry.size, "modified": modified });
    if catalog.tool(OVERVIEW.0).is_some() {
        let arguments = json!({ "pcap_file": path, "max_chars": OVERVIEW.1 });
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let answer = service.answer_to(caller, OVERVIEW.0, arguments, cancel, Arc::new(|_, _| {})).await;
        let report = match answer {
            Ok(answer) => answer.report,
            Err(error) => error.to_json(None),
        };
        if let Some(about) = about.as_object_mut() {
            about.insert("report".into(), report);
        }
    }
    let text = ResourceContents::text(text::json(&about), uri).with_mime_type("application/json");
    Ok(ReadResourceResult::new(vec![text]))
}

/// How answers are to be read, whatever the tool.
const READING: &str = "Lists of details are tables where that is shorter: `columns` has the names of fields, `rows` a list of values for each entry; dots in a \
name lead into objects. In entries and rows, fields that are zero, empty, false or not known are left out or null. `as_objects` gives every list as objects \
with all of their fields. Lists of which not all is here are told in `shown.lists`.";

/// What a tool answers, with the tables that it makes the rows of.
pub(super) fn described(tool: &Tool, catalog: &Catalog) -> String {
    let own = catalog.tables.iter().filter(|offered| offered.tool.name == tool.name);
    let of_tables = query::of_tool(own.map(|offered| &*offered.table));
    format!("{}{}", tool.description, of_tables.unwrap_or_default())
}

/// The fields of a tool's report, from its schema, as Markdown.
fn fields(tool: &Tool, catalog: &Catalog) -> String {
    let head = format!("# {}\n\n{}\n\n{READING}\n\n", tool.name, described(tool, catalog));
    let mut text = format!("{head}| field | type | meaning |\n|---|---|---|\n");
    rows(&tool.fields(), "", &mut text);
    text
}

fn rows(schema: &Value, path: &str, text: &mut String) {
    // Of several forms the one with fields is described.
    let forms = || schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array).into_iter().flatten();
    let schema = forms().find(|form| form.get("properties").is_some()).unwrap_or(schema);
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let (inner, path) = match field.get("items") {
            Some(items) => (items, format!("{path}[]")),
            None => (field, path),
        };
        let kind = inner.get("type").and_then(Value::as_str).unwrap_or("text");
        let meaning =
            field.get("description").or_else(|| inner.get("description")).and_then(Value::as_str).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| `{path}` | {kind} | {} |", meaning.replace('\n', " ").replace('|', "\\|"));
        rows(inner, &path, text);
    }
}
