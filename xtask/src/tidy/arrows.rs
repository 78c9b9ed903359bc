//! Manifests against the table: which of our crates a crate imports, which packages it depends on
//! directly, and with which features. What a dependency depends on is not looked at here.

use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::{Dependency, DependencyKind, MetadataCommand, Package};

use super::Offence;
use super::doors::{FEATURES, HOUSES, House, OUTSIDE};

/// Checks the direct dependencies of every package of the workspace at `root`.
pub(crate) fn check(root: &Path, offences: &mut Vec<Offence>) -> anyhow::Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .context("cargo metadata")?;
    for package in &metadata.packages {
        let manifest = package.manifest_path.as_std_path();
        let mut say = |what: String| offences.push(Offence::of_file(root, manifest, &what));
        match HOUSES.iter().find(|h| h.package == package.name.as_str()) {
            Some(house) => check_house(house, package, &mut say),
            None if OUTSIDE.contains(&package.name.as_str()) => {}
            None => say(format!(
                "package {} is not in the table of doors",
                package.name
            )),
        }
    }
    for house in HOUSES {
        if !metadata
            .packages
            .iter()
            .any(|p| p.name.as_str() == house.package)
        {
            offences.push(Offence::of_file(
                root,
                &root.join("Cargo.toml"),
                &format!("package {} is missing", house.package),
            ));
        }
    }
    Ok(())
}

fn check_house(house: &House, package: &Package, say: &mut dyn FnMut(String)) {
    if package
        .targets
        .iter()
        .any(cargo_metadata::Target::is_custom_build)
    {
        say("a build script can do anything: the table allows none".to_owned());
    }
    for dependency in &package.dependencies {
        match HOUSES.iter().find(|h| h.package == dependency.name) {
            Some(ours) if house.imports.contains(&ours.folder) => {}
            Some(ours) => say(format!("{} must not import {}", house.folder, ours.folder)),
            // Tests may use what they like from outside, and may not import upwards either.
            None if dependency.kind == DependencyKind::Development => {}
            None => check_outside(house, dependency, say),
        }
    }
}

fn check_outside(house: &House, dependency: &Dependency, say: &mut dyn FnMut(String)) {
    let name = dependency.name.as_str();
    if !house.packages.contains(&name) {
        say(format!("{} must not depend on {name}", house.folder));
        return;
    }
    if let Some(alias) = &dependency.rename {
        say(format!(
            "{name} is renamed to {alias}: the scan of the sources goes by its own name"
        ));
    }
    if FEATURES.iter().any(|(package, _, _)| *package == name) {
        let allowed = |feature: &str| {
            FEATURES.iter().any(|(p, f, features)| {
                *p == name && *f == house.folder && features.contains(&feature)
            })
        };
        for feature in dependency.features.iter().filter(|f| !allowed(f)) {
            say(format!(
                "{} must not use the feature {feature} of {name}",
                house.folder
            ));
        }
    }
}
