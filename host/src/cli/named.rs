//! Short names of tools: `dns` is `analyze_dns_packets`.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::contract::Tool;
use crate::text::neutral;

/// A tool's name without what most of them have in common.
pub fn short(name: &str) -> &str {
    let name = name.strip_prefix("analyze_").unwrap_or(name);
    name.strip_suffix("_packets").unwrap_or(name)
}

/// The tool with this name or short name, whatever others there are.
pub fn exact<'a>(catalog: &'a Catalog, wanted: &str) -> Option<&'a Arc<Tool>> {
    let wanted = wanted.replace('-', "_");
    let mut shortened = catalog.tools.iter().filter(|tool| short(&tool.name) == wanted);
    catalog.tool(&wanted).or_else(|| shortened.next().filter(|_| shortened.next().is_none()))
}

/// The tool that is meant: by its name, its short name, or a part that no other name has.
///
/// # Errors
/// When there is none or more than one, with their names.
pub fn find<'a>(catalog: &'a Catalog, wanted: &str) -> Result<&'a Arc<Tool>, String> {
    if let Some(tool) = exact(catalog, wanted) {
        return Ok(tool);
    }
    let part = wanted.replace('-', "_").to_lowercase();
    let is_meant = |tool: &&Arc<Tool>| !part.is_empty() && tool.name.to_lowercase().contains(&part);
    let meant: Vec<&Arc<Tool>> = catalog.tools.iter().filter(is_meant).collect();
    let names = |tools: &[&Arc<Tool>]| tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>().join(", ");
    let wanted = neutral(wanted, 200);
    match meant.as_slice() {
        [one] => Ok(*one),
        [] => Err(format!(
            "there is no tool {wanted}; the tools are {}",
            names(&catalog.tools.iter().collect::<Vec<_>>())
        )),
        several => Err(format!("{wanted} may be each of {}: write more of the name", names(several))),
    }
}

/// The names of several tools, with commas between.
pub fn each(wanted: &str) -> impl Iterator<Item = &str> {
    wanted.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// The tools that are meant, each once.
///
/// # Errors
/// As [`find`].
pub fn all(catalog: &Catalog, wanted: &str) -> Result<Vec<Arc<Tool>>, String> {
    let mut tools: Vec<Arc<Tool>> = Vec::new();
    if each(wanted).next().is_none() {
        return find(catalog, wanted).map(|tool| vec![Arc::clone(tool)]);
    }
    for name in each(wanted) {
        let tool = find(catalog, name)?;
        if tools.iter().all(|known| known.name != tool.name) {
            tools.push(Arc::clone(tool));
        }
    }
    Ok(tools)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_have_in_common_is_left_out() {
        for (name, shortened) in [
            ("analyze_dns_packets", "dns"),
            ("analyze_capinfos", "capinfos"),
            ("get_frames", "get_frames"),
            ("arp_summary", "arp_summary"),
        ] {
            assert_eq!(short(name), shortened);
        }
    }
}
