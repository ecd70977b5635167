//! `mcpcap analyzer list`: the analyzers of others, and why some are refused.

use std::sync::Arc;

use crate::service::{Options, Service};

/// Prints an entry for each; fails when one is refused.
pub async fn run(options: &Options) -> Result<(), String> {
    if options.analyzers.places.is_empty() {
        return super::super::print(
            "no analyzers of others: name them with --analyzers DIR, --analyzer FILE or MCPCAP_ANALYZERS\n",
        );
    }
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    service.settled().await;
    let (mut text, mut refused) = (String::new(), 0_usize);
    for entry in service.analyzers().iter() {
        let digest = entry.sha256.as_deref().unwrap_or("unknown");
        match &entry.offer {
            Ok(offer) => {
                text.push_str(&format!("{} {}\n", offer.module.name, offer.module.version));
                let named = |what: &str, names: Vec<&str>| format!("    {what} {}\n", names.join(", "));
                text.push_str(&named("tools", offer.tools.iter().map(|tool| tool.name.as_str()).collect()));
                if !offer.prompts.is_empty() {
                    let names = offer.prompts.iter().map(|prompt| prompt.name.as_str()).collect();
                    text.push_str(&named("prompts", names));
                }
                text.push_str(&format!("    from {}\n    sha256 {digest}\n", entry.place));
            }
            Err(error) => {
                refused = refused.saturating_add(1);
                text.push_str(&format!(
                    "refused\n    from {}\n    sha256 {digest}\n    because {error}\n",
                    entry.place
                ));
            }
        }
    }
    let place = options.analyzers.lock_file();
    let rule = if options.analyzers.is_locked { "only what is pinned there is loaded" } else { "not required" };
    text.push_str(&format!("approved analyzers: {} ({rule})\n", place.display()));
    super::super::print(&text)?;
    if refused == 0 { Ok(()) } else { Err(format!("{refused} refused")) }
}
