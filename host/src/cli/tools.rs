//! `mcpcap tools`: what is loaded.

use crate::catalog::Catalog;

/// Prints a line for each tool and its arguments.
pub fn list(catalog: &Catalog) -> Result<(), String> {
    let mut text = String::new();
    for tool in &catalog.tools {
        let module = &tool.module;
        let digest = module.sha256.get(..12).unwrap_or_default();
        text.push_str(&format!("{}\n    {}\n", tool.name, tool.title));
        text.push_str(&format!("    component {} {} (sha256 {digest}…)\n", module.name, module.version));
        let arguments: Vec<&str> = tool.properties().map(|(name, _)| name).collect();
        text.push_str(&format!("    arguments {}\n", arguments.join(", ")));
    }
    super::print(&text)
}
