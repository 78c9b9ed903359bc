//! From a goal and the facts to a plan. Pure: the same goal and facts always give the same plan,
//! and nothing is asked, read or changed on the way.

mod access;
mod authority;
mod certificate;
mod client;
mod crl;
mod edits;
#[cfg(test)]
mod fixture;
mod names;
mod reach;
mod settings;
#[cfg(test)]
mod tests;
mod trust;

use pki_core::{Certificate, Crl, Kind};

use self::access::Entrance;
use self::authority::Issuer;
use self::certificate::Presented;
use self::edits::Edits;
use self::reach::Listening;
use self::trust::Authorities;
use crate::facts::{Facts, Server};
use crate::goal::{Goal, Identity, ServerGoal};
use crate::plan::{Before, Part, Plan, Side, Step};
use crate::refusal::Refusal;

pub use self::certificate::server_name;

/// Drafts the plan.
///
/// # Errors
/// [`Refusal`] names what stands in the way.
pub fn draft(goal: &Goal, facts: &Facts) -> Result<Plan, Refusal> {
    let mut plan = Plan::default();
    let issuer = authority::draft(goal, facts, &mut plan)?;
    let (mut presented, mut entrance) = (None, None);
    if let (Some(wanted), Some(server)) = (&goal.server, &facts.server) {
        let drafted = draft_server(wanted, &goal.crls, &issuer, server, facts, &mut plan)?;
        (presented, entrance) = (Some(drafted.0), drafted.1);
    }
    if let (None, Some(server), [_, ..]) = (&goal.server, &facts.server, goal.crls.as_slice()) {
        draft_crls(&goal.crls, server, facts, &mut plan)?;
    }
    if let (Some(wanted), Some(client)) = (&goal.client, &facts.client) {
        client::draft(
            wanted,
            goal,
            &issuer,
            presented.as_ref(),
            client,
            facts,
            &mut plan,
        )?;
    }
    let access = goal.server.as_ref().and_then(|goal| goal.access.as_ref());
    if let (Some(server), Some(access), Some(entrance)) = (&facts.server, access, &entrance) {
        let first = plan.steps.iter().any(is_first_certificate);
        access::consequences(access, entrance, first, server, &mut plan);
    }
    let links = facts.server.iter().flat_map(|server| &server.links);
    for link in links.chain(facts.client.iter().flat_map(|client| &client.links)) {
        plan.note(
            "link-followed",
            format!("{} leads to {}", link.link.display(), link.to.display()),
        );
    }
    issuer.vet(&plan, facts.now)?;
    plan.steps.sort_by_key(rank);
    Ok(plan)
}

/// Whether a client gets a certificate that had none: as good as a rule where one lets the role in
/// already. A renewal gives nothing new.
fn is_first_certificate(step: &Step) -> bool {
    matches!(step, Step::Write(write) if matches!(write.before, Before::Nothing)
        && write.content.iter().any(|part| matches!(part, Part::Certificate(Kind::Client))))
}

fn draft_server(
    wanted: &ServerGoal,
    crls: &[Crl],
    issuer: &Issuer,
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<(Presented, Option<Entrance>), Refusal> {
    authority::vet_server(server)?;
    let mut edits = Edits::of(server);
    let presented = certificate::draft(wanted, issuer, server, facts, plan)?;
    let authorities = trust::draft(wanted, crls, issuer, server, facts, plan)?;
    settings::draft(wanted, &presented, &authorities, server, &mut edits, plan)?;
    if !crls.is_empty() {
        let chain = match &wanted.identity {
            Identity::Issued(_) => issuer.chain(),
            Identity::Brought(material) => &material.chain,
        };
        let authorities = crl::looked_up(&authorities.all, chain);
        crl::draft(crls, &authorities, server, facts, &mut edits, plan)?;
    }
    let read = is_read(&presented, &authorities, server) && is_read_crl(server, plan);
    let mut entrance = None;
    if let Some(access) = &wanted.access {
        let drafted = access::draft(access, wanted, authorities, server, &mut edits, plan)?;
        entrance = Some(drafted);
    }
    edits.finish(server, &facts.account, plan);
    let listen = wanted.listen.as_deref();
    plan.steps.extend(into_force(listen, read, server, plan)?);
    expect_at(listen, server, plan);
    Ok((presented, entrance))
}

/// Revocation lists and nothing else: who is trusted and what the server presents stay as they are.
fn draft_crls(
    crls: &[Crl],
    server: &Server,
    facts: &Facts,
    plan: &mut Plan,
) -> Result<(), Refusal> {
    authority::vet_server(server)?;
    let tls = &server.host.tls;
    let trusted = match &tls.authorities {
        Some(file) if tls.on => &file.certificates,
        _ => return Err(Refusal::NobodyTrusted),
    };
    let mut edits = Edits::of(server);
    let authorities = crl::looked_up(trusted, &tls.certificate.certificates);
    crl::draft(crls, &authorities, server, facts, &mut edits, plan)?;
    edits.finish(server, &facts.account, plan);
    let read = is_read_crl(server, plan);
    plan.steps.extend(into_force(None, read, server, plan)?);
    let served = tls.certificate.certificates.first();
    plan.expectation.served = served.map(Certificate::fingerprint);
    expect_at(None, server, plan);
    Ok(())
}

/// Where the server can be asked what it serves.
fn expect_at(listen: Option<&str>, server: &Server, plan: &mut Plan) {
    let listening = Listening::of(&server.host, listen);
    let postmaster = server.host.cluster.postmaster.as_ref();
    let port = postmaster.map_or(5432, |postmaster| postmaster.port);
    plan.expectation.server = listening.addresses().next().map(|address| (address, port));
}

/// What brings the changes into force. Also needed where the files say the right thing already, but
/// the server has not `read` them.
///
/// # Errors
/// [`Refusal::Unloaded`]: it would take along what somebody else has written and not loaded yet.
fn into_force(
    listen: Option<&str>,
    read: bool,
    server: &Server,
    plan: &Plan,
) -> Result<Option<Step>, Refusal> {
    let now = server.host.settings.value("listen_addresses");
    let restart = listen.is_some_and(|listen| now != listen);
    let written = plan.steps.iter().any(|step| match step {
        Step::Write(write) => write.side == Side::Server,
        Step::AlterSystem(_) => true,
        _ => false,
    });
    if !restart && !written && read {
        return Ok(None);
    }
    if !server.unloaded.is_empty() {
        let files = server.unloaded.clone();
        return Err(Refusal::Unloaded { files });
    }
    Ok(Some(if restart { Step::Restart } else { Step::Reload }))
}

/// Whether the running server uses the files that it is to use.
fn is_read(presented: &Presented, authorities: &Authorities, server: &Server) -> bool {
    let tls = &server.host.tls;
    let trusted = tls.authorities.as_ref();
    tls.on
        && tls.certificate.path == presented.certificate
        && tls.key.path == presented.key
        && trusted.is_some_and(|file| file.path == authorities.path)
}

/// Whether it uses the file of revocation lists that it is to use, if any.
fn is_read_crl(server: &Server, plan: &Plan) -> bool {
    let in_force = server.host.tls.crl.as_ref().map(|file| &file.path);
    plan.expectation.crl.is_none() || plan.expectation.crl.as_ref() == in_force
}

/// The order in which steps are done: what may fail without anybody noticing comes first.
fn rank(step: &Step) -> u8 {
    match step {
        Step::InitAuthority(_) => 0,
        Step::Issue(_) => 1,
        Step::MakeFolder(_) => 2,
        Step::CreateRole(_) => 3,
        Step::Write(write) if write.side == Side::Server => 4,
        Step::AlterSystem(_) => 5,
        Step::Reload | Step::Restart => 6,
        Step::Write(_) => 7,
    }
}
