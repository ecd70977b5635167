//! Completion of arguments: paths of captures, and values from a fixed set.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, Reference};
use serde_json::Value;

use super::resources::{CAPTURE_TEMPLATE, GUIDE_TEMPLATE};
use crate::contract::Tool;
use crate::service::Service;
use crate::text::neutral;

/// The values that may follow what was typed. A prompt's arguments are completed, and a tool's by its name.
///
/// # Errors
/// When there is no such prompt, tool, template or argument.
pub(super) fn complete(service: &Service, request: &CompleteRequestParams) -> Result<CompleteResult, ErrorData> {
    let argument = request.argument.name.as_str();
    let catalog = service.catalog();
    let wrong = |what: &str| ErrorData::invalid_params(format!("there is no {}", neutral(what, 200)), None);
    let all = match &request.r#ref {
        Reference::Prompt(named) => {
            let known = if let Some(prompt) = catalog.prompt(&named.name) {
                prompt.arguments.iter().any(|known| known.name == argument)
            } else if let Some(tool) = catalog.tool(&named.name) {
                tool.properties().any(|(name, _)| name == argument)
            } else {
                return Err(wrong(&format!("prompt {}", named.name)));
            };
            if !known {
                return Err(wrong(&format!("argument {argument} of {}", named.name)));
            }
            if argument == "pcap_file" {
                files(service)
            } else {
                let own = catalog.tool(&named.name);
                let tools = own.map_or(catalog.tools.as_slice(), std::slice::from_ref);
                fixed(tools, argument)
            }
        }
        Reference::Resource(named) => match (named.uri.as_str(), argument) {
            (GUIDE_TEMPLATE, "tool") => catalog.tools.iter().map(|tool| tool.name.clone()).collect(),
            (CAPTURE_TEMPLATE, "path") => service.library.list().entries.into_iter().map(|entry| entry.path).collect(),
            (uri, argument) => return Err(wrong(&format!("argument {argument} of {uri}"))),
        },
        _ => return Err(wrong("completion for such a reference")),
    };
    let typed = request.argument.value.to_lowercase();
    // Somebody who types a file's name does not know its folder.
    let (mut first, rest): (Vec<String>, Vec<String>) = all
        .into_iter()
        // What cannot be shown as it is cannot be chosen either.
        .filter(|value| value.to_lowercase().contains(&typed) && neutral(value, usize::MAX) == value.as_str())
        .partition(|value| value.to_lowercase().starts_with(&typed));
    first.extend(rest);
    let (total, more) = (first.len(), first.len() > CompletionInfo::MAX_VALUES);
    first.truncate(CompletionInfo::MAX_VALUES);
    let found = CompletionInfo::with_pagination(first, u32::try_from(total).ok(), more);
    found.map(CompleteResult::new).map_err(|reason| ErrorData::internal_error(reason, None))
}

fn files(service: &Service) -> Vec<String> {
    service
        .library
        .list()
        .entries
        .into_iter()
        .filter_map(|entry| entry.file.into_os_string().into_string().ok())
        .collect()
}

/// The values that tools allow for an argument, when there is a fixed set.
fn fixed(tools: &[Arc<Tool>], argument: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    if argument == "section" {
        // Their schema says them in words, since lists within them are named too.
        values.extend(tools.iter().flat_map(|tool| tool.sections()));
    }
    let schemas = tools.iter().flat_map(|tool| tool.properties()).filter(|(name, _)| *name == argument);
    for (_, schema) in schemas {
        let listed = schema.get("enum").or_else(|| schema.get("items").and_then(|items| items.get("enum")));
        if schema.get("type").is_some_and(|kind| kind == "boolean") {
            values.extend(["true", "false"].map(String::from));
        }
        let listed = listed.and_then(Value::as_array).into_iter().flatten();
        values.extend(listed.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    let mut seen = std::collections::HashSet::new();
    values.retain(|value| seen.insert(value.clone()));
    values
}
