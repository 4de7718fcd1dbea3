//! Which apps take part: those that have a `demo.yaml` beside their catalog.

use std::fs;
use std::path::{Path, PathBuf};

use daybook_catalog::{AppCatalog, Catalogs};

use crate::failure::{Failure, in_plan};
use crate::traffic::Simulation;

/// Name of the file that describes an app's traffic.
const PLAN_FILE: &str = "demo.yaml";

/// An app with traffic.
pub struct DemoApp {
    /// The app.
    pub app: String,
    /// Its traffic.
    pub simulation: Simulation,
}

/// The apps of `catalogs` that have a plan, in `directories` or among those that ship.
///
/// # Errors
/// [`Failure::Plan`] when a plan cannot be played, [`Failure::Read`] when it cannot be read.
pub fn find(catalogs: &Catalogs, directories: &[PathBuf], seed: u64) -> Result<Vec<DemoApp>, Failure> {
    let mut apps: Vec<DemoApp> = Vec::new();
    for directory in directories {
        for (app, file) in plans_in(directory) {
            let Some(catalog) = catalogs.app(&app) else { continue };
            let text = fs::read_to_string(&file).map_err(|source| Failure::read(&file, source))?;
            let simulation = Simulation::new(catalog, &text, seed).map_err(in_plan(file.display()))?;
            apps.retain(|known| known.app != app);
            apps.push(DemoApp { app, simulation });
        }
    }
    for catalog in catalogs.apps() {
        if !apps.iter().any(|known| known.app == catalog.app) {
            apps.extend(shipped(catalog, seed)?);
        }
    }
    apps.sort_by(|one, other| one.app.cmp(&other.app));
    Ok(apps)
}

fn shipped(catalog: &AppCatalog, seed: u64) -> Result<Option<DemoApp>, Failure> {
    let path = format!("{}/{PLAN_FILE}", catalog.app);
    let Some(text) = daybook_catalog::builtin_file(&path) else { return Ok(None) };
    let simulation = Simulation::new(catalog, text, seed).map_err(in_plan(path))?;
    Ok(Some(DemoApp { app: catalog.app.clone(), simulation }))
}

/// Plans in an app's directory, or in a directory of such, with the apps they belong to.
fn plans_in(directory: &Path) -> Vec<(String, PathBuf)> {
    let inner = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let candidates = std::iter::once(directory.to_owned()).chain(inner);
    let mut plans = Vec::new();
    for candidate in candidates {
        let file = candidate.join(PLAN_FILE);
        if file.is_file() {
            let apps = daybook_catalog::check(&candidate).catalogs;
            plans.extend(apps.apps().map(|app| (app.app.clone(), file.clone())));
        }
    }
    plans
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use daybook_admission::Status;

    use super::*;
    use crate::judged::judged;
    use crate::traffic::Spoiled;

    const NOW_US: i64 = 1_768_402_800_000_000;

    /// Every plan that ships makes events that its catalog admits, but for those that are spoilt.
    #[test]
    fn shipped_traffic_is_what_it_says() {
        let catalogs = Catalogs::builtin().catalogs;
        let apps = find(&catalogs, &[], 1).expect("plans");
        assert!(apps.len() >= 4, "only {} apps have a plan", apps.len());
        for DemoApp { app, mut simulation } in apps {
            let catalog = catalogs.app(&app).expect("a catalog");
            let events = simulation.history(NOW_US, 6_000);
            let bodies: Vec<&str> = events.iter().map(|event| event.body.as_str()).collect();
            let receipts = judged(catalog, &bodies, NOW_US);
            let mut spoiled: HashMap<(Spoiled, Status), usize> = HashMap::new();
            for (event, receipt) in events.iter().zip(&receipts) {
                match event.spoiled {
                    Some(how) => *spoiled.entry((how, receipt.status)).or_default() += 1,
                    None => assert!(
                        receipt.errors.is_empty()
                            && receipt.warnings.iter().all(|warning| warning.code.contains("old")),
                        "{app}: {}\n{receipt:#?}",
                        event.body
                    ),
                }
            }
            let quarantined = |how| spoiled.get(&(how, Status::Quarantined)).copied().unwrap_or_default();
            assert!(quarantined(Spoiled::MissingProperty) > 0, "{app}: {spoiled:?}");
            assert!(quarantined(Spoiled::Future) > 0, "{app}: {spoiled:?}");
            assert!(spoiled.keys().any(|(how, _)| *how == Spoiled::Secret), "{app}: {spoiled:?}");
        }
    }
}
