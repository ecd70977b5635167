//! Rules about who tells hosts where to send: redirects, router advertisements, neighbours, loops.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::text::{at_least, counted};

use crate::errors::Errors;
use crate::neighbours::{Neighbours, Router, TOGETHER};
use crate::paths::PathReport;

const REDIRECT: Rule = Rule {
    name: "icmp_redirect",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "one redirect or more",
    false_alarm: "A network with two routers, where hosts know only one of them: redirects are then as designed.",
};
const ROUTERS: Rule = Rule {
    name: "icmp_several_routers",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "two or more routers of one version of IP that advertise themselves as default router on one link (one VLAN) within one hour and \
        say different things",
    false_alarm: "Two routers for redundancy, or a capture of several links at once.",
};
const WITHDRAWN: Rule = Rule {
    name: "icmp_router_withdrawn",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    threshold: "a router advertisement with lifetime 0 after others of the same address with another",
    false_alarm: "A router that is shut down, or that lost its way to the Internet.",
};
const NEIGHBOUR: Rule = Rule {
    name: "icmp_neighbour_conflict",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "neighbour advertisements that give two or more link-layer addresses for one address on one link (one VLAN) within \
        one hour",
    false_alarm: "A replaced network card, a cluster address that moved, or several links in one capture.",
};
const LOOP: Rule = Rule {
    name: "icmp_path_repeats",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "a router that answers at two places of a traced path that are not neighbours",
    false_alarm: "A path that changed while it was traced, or load balancing over paths of different length.",
};

/// The findings, by rule. So many `paths_evicted` made room.
pub fn findings(
    errors: &Errors,
    neighbours: &Neighbours,
    paths: &[PathReport],
    paths_evicted: u64,
) -> [Vec<Finding>; 5] {
    let redirects = errors.redirects().map(|((router, gateway, destination), evidence)| {
        let count = evidence.total();
        let observation =
            format!("{router} names {gateway} as first hop to {destination}, {}.", counted(count, "time"));
        let subject = format!("{router}: {destination} by {gateway}");
        REDIRECT.finding(subject, observation, vec![Measure::count("redirects", count)], evidence)
    });
    let withdrawn = neighbours.routers().filter(|(_, router)| router.withdrawn.total() > 0);
    let withdrawn = withdrawn.map(|((address, _), router)| {
        let count = router.withdrawn.total();
        let observation =
            format!("{address} advertised itself as router, then {} with lifetime 0.", counted(count, "time"));
        WITHDRAWN.finding(
            address.to_string(),
            observation,
            vec![Measure::count("withdrawals", count)],
            &router.withdrawn,
        )
    });
    let conflicts = neighbours.neighbours().map(|(address, known)| (address, known, known.rivals()));
    let conflicts = conflicts.filter(|(.., rivals)| rivals.len() > 1).map(|(address, known, rivals)| {
        let (count, are_more) = (rivals.len(), known.has_other_claims());
        let observation = format!("For {address} {}{count} link-layer addresses were advertised.", at_least(are_more));
        let evidence = rivals.iter().fold(Evidence::default(), |all, rival| all.joined(&rival.evidence));
        let measures = vec![Measure::count("link_layer_addresses", count as u64).or_more(are_more)];
        NEIGHBOUR.finding(address.to_string(), observation, measures, &evidence)
    });
    let loops = paths.iter().filter(|path| !path.repeated.is_empty()).map(|path| {
        let at = path.hops.iter().filter(|hop| hop.addresses.iter().any(|address| path.repeated.contains(address)));
        let evidence = at.fold(Evidence::default(), |all, hop| all.joined(&hop.evidence));
        let observation = format!(
            "{} at more than one place between {} and {}.",
            match path.repeated.len() {
                1 => "1 address answers".to_owned(),
                many => format!("{many} addresses answer"),
            },
            path.source,
            path.destination
        );
        let measures = vec![Measure::count("addresses", path.repeated.len() as u64)];
        LOOP.finding(format!("{} to {}", path.source, path.destination), observation, measures, &evidence)
    });
    let of_neighbours = |findings| lower_bounds(findings, neighbours.evicted());
    [
        lower_bounds(redirects.collect(), errors.evicted()),
        of_neighbours(routers(neighbours)),
        of_neighbours(withdrawn.collect()),
        of_neighbours(conflicts.collect()),
        lower_bounds(loops.collect(), paths_evicted),
    ]
}

/// Routers of one version of IP on one link.
type Link = (Option<u16>, bool);

fn routers(neighbours: &Neighbours) -> Vec<Finding> {
    let mut links: BTreeMap<Link, Vec<(u64, u64, IpAddr, &Router)>> = BTreeMap::new();
    // One that withdrew itself leaves its place to another.
    for ((address, vlan), router) in neighbours.routers().filter(|(_, router)| router.lifetime > 0) {
        let spans = router.spans.iter().map(|(first, last)| (*first, *last, *address, router));
        links.entry((*vlan, address.is_ipv6())).or_default().extend(spans);
    }
    let mut found = Vec::new();
    for ((vlan, _), mut spans) in links {
        spans.sort_by_key(|(first, last, address, _)| (*first, *last, *address));
        // Those that are near in time, one to the next.
        let mut ends = 0;
        let mut together: BTreeMap<IpAddr, &Router> = BTreeMap::new();
        for (first, last, address, router) in spans {
            if first.saturating_sub(ends) > TOGETHER {
                found.extend(several_routers(vlan, &std::mem::take(&mut together)));
            }
            together.insert(address, router);
            ends = last.max(ends);
        }
        found.extend(several_routers(vlan, &together));
    }
    found
}

fn several_routers(vlan: Option<u16>, routers: &BTreeMap<IpAddr, &Router>) -> Option<Finding> {
    let first = routers.values().next()?;
    if routers.values().all(|router| router.says_the_same(first)) {
        return None;
    }
    let addresses: Vec<String> = routers.keys().map(IpAddr::to_string).collect();
    let evidence = routers.values().fold(Evidence::default(), |all, router| all.joined(&router.evidence));
    let link = vlan.map_or_else(|| "one link".to_owned(), |vlan| format!("VLAN {vlan}"));
    let observation =
        format!("{} routers advertise themselves on {link} within one hour and say different things.", routers.len());
    let measures = vec![Measure::count("routers", routers.len() as u64)];
    Some(ROUTERS.finding(addresses.join(", "), observation, measures, &evidence))
}
