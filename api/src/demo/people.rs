//! Makes the people of a demo organisation: pure, from a seed.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use entities::{
    id::{DepartmentId, EmployeeId, LocationId, PositionId},
    tenant::{
        department,
        employee::{self, EmploymentStatus, EmploymentType},
        location, position,
    },
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use rust_decimal::Decimal;
use tenancy::Slug;

use super::{
    names::{FAMILY, GIVEN},
    organisation::{LOCATIONS, UNITS, Unit},
};

/// An organisation's people, and those of them who have an account.
pub(super) struct Workforce {
    pub(super) locations: Vec<location::Model>,
    pub(super) departments: Vec<department::Model>,
    pub(super) positions: Vec<position::Model>,
    pub(super) employees: Vec<employee::Model>,
    pub(super) chief: EmployeeId,
    pub(super) head_of_people: EmployeeId,
    /// Heads a department that has members.
    pub(super) manager: EmployeeId,
    /// Heads nobody.
    pub(super) member: EmployeeId,
}

/// The name that a person is called by.
pub(super) fn full_name(employee: &employee::Model) -> String {
    format!("{} {}", employee.preferred_name.as_ref().unwrap_or(&employee.given_name), employee.family_name)
}

/// Makes `count` people, at least one a department.
pub(super) fn make(slug: &Slug, seed: u64, count: u32, now: DateTime<Utc>) -> Workforce {
    let mut maker = Maker::new(slug, seed, now);
    let mut heads: HashMap<&str, EmployeeId> = HashMap::new();
    for unit in &UNITS {
        let manager = unit.parent.and_then(|parent| heads.get(parent).copied());
        heads.insert(unit.name, maker.hire(unit, unit.head, manager, true));
    }
    let places: u32 = UNITS.iter().map(|unit| unit.share).sum();
    let heads_count = u32::try_from(UNITS.len()).unwrap_or(u32::MAX);
    let members = count.saturating_sub(heads_count);
    for index in 0..members {
        let unit = unit_at(index * places / members);
        let title = *unit.titles.choose(&mut maker.random).unwrap_or(&unit.head);
        maker.hire(unit, title, heads.get(unit.name).copied(), false);
    }
    maker.finish(&heads)
}

/// The department that the nth of all shares belongs to.
fn unit_at(mut share: u32) -> &'static Unit {
    let [first, ..] = &UNITS;
    UNITS
        .iter()
        .find(|unit| {
            let here = share < unit.share;
            share = share.saturating_sub(unit.share);
            here
        })
        .unwrap_or(first)
}

struct Maker {
    random: StdRng,
    now: DateTime<Utc>,
    mail_domain: String,
    seen: HashSet<String>,
    locations: Vec<location::Model>,
    departments: Vec<department::Model>,
    positions: Vec<position::Model>,
    employees: Vec<employee::Model>,
}

impl Maker {
    fn new(slug: &Slug, seed: u64, now: DateTime<Utc>) -> Self {
        let locations = LOCATIONS.iter().map(|(name, country, zone)| location::Model {
            id: LocationId::generate(),
            name: (*name).to_owned(),
            country_code: (*country).to_owned(),
            time_zone: (*zone).to_owned(),
            created_at: now,
            updated_at: now,
        });
        let mut departments: Vec<department::Model> = Vec::with_capacity(UNITS.len());
        for unit in &UNITS {
            let parent = departments.iter().find(|department| Some(department.name.as_str()) == unit.parent);
            departments.push(department::Model {
                id: DepartmentId::generate(),
                name: unit.name.to_owned(),
                parent_id: parent.map(|parent| parent.id),
                created_at: now,
                updated_at: now,
            });
        }
        Self {
            random: StdRng::seed_from_u64(seed),
            now,
            mail_domain: format!("{slug}.test"),
            seen: HashSet::new(),
            locations: locations.collect(),
            departments,
            positions: Vec::new(),
            employees: Vec::new(),
        }
    }

    fn hire(&mut self, unit: &Unit, title: &str, manager_id: Option<EmployeeId>, is_head: bool) -> EmployeeId {
        let (given_name, family_name, address) = self.name();
        let id = EmployeeId::generate();
        let hired_on = self.date_before_today(30, 4_000);
        let monthly = if is_head { self.random.random_range(64..140) } else { self.random.random_range(31..78) };
        let employment_type = match self.random.random_range(0..20) {
            0..2 if !is_head => EmploymentType::PartTime,
            2 if !is_head => EmploymentType::Contract,
            3 if !is_head => EmploymentType::Intern,
            _ => EmploymentType::FullTime,
        };
        let location = self.locations.choose(&mut self.random).map(|location| location.id);
        let department = self.departments.iter().find(|department| department.name == unit.name).map(|department| department.id);
        let phone = format!("+49 30 55501{:03}", self.random.random_range(0..1_000));
        let street = format!("{} Garden Street", self.random.random_range(1..200));
        let birth_date = self.date_before_today(22 * 365 + 4_000, 62 * 365);
        let position_id = self.position(title);
        self.employees.push(employee::Model {
            id,
            employee_number: i64::try_from(self.employees.len()).unwrap_or(i64::MAX).saturating_add(1),
            preferred_name: None,
            work_email: format!("{address}@{}", self.mail_domain),
            department_id: department.unwrap_or_else(DepartmentId::generate),
            position_id,
            location_id: location,
            manager_id,
            employment_type,
            status: EmploymentStatus::Active,
            hired_on,
            terminated_on: None,
            termination_reason: None,
            birth_date: Some(birth_date),
            personal_email: Some(format!("{address}@home.test")),
            phone: Some(phone),
            address: Some(street),
            salary_amount: Some(Decimal::new(monthly * 1_000 * 100, 2)),
            salary_currency: Some("EUR".to_owned()),
            version: 1,
            created_at: self.now,
            updated_at: self.now,
            given_name,
            family_name,
        });
        id
    }

    /// A name, and the local part of an address that nobody else has.
    fn name(&mut self) -> (String, String, String) {
        let given = *GIVEN.choose(&mut self.random).unwrap_or(&"Kim");
        let family = *FAMILY.choose(&mut self.random).unwrap_or(&"Kim");
        let plain = format!("{}.{}", ascii(given), ascii(family));
        let mut address = plain.clone();
        let mut next = 2;
        while !self.seen.insert(address.clone()) {
            address = format!("{plain}{next}");
            next += 1;
        }
        (given.to_owned(), family.to_owned(), address)
    }

    fn position(&mut self, title: &str) -> PositionId {
        if let Some(position) = self.positions.iter().find(|position| position.title == title) {
            return position.id;
        }
        let id = PositionId::generate();
        self.positions.push(position::Model { id, title: title.to_owned(), created_at: self.now, updated_at: self.now });
        id
    }

    fn date_before_today(&mut self, from: u64, to: u64) -> NaiveDate {
        let today = self.now.date_naive();
        today.checked_sub_days(Days::new(self.random.random_range(from..to))).unwrap_or(today)
    }

    fn finish(self, heads: &HashMap<&str, EmployeeId>) -> Workforce {
        let head_of = |name: &str| heads.get(name).copied().unwrap_or_else(EmployeeId::generate);
        let manager = head_of("Platform");
        let member =
            self.employees.iter().find(|employee| employee.manager_id == Some(manager)).map_or(manager, |employee| employee.id);
        Workforce {
            chief: head_of("Executive Office"),
            head_of_people: head_of("People"),
            manager,
            member,
            locations: self.locations,
            departments: self.departments,
            positions: self.positions,
            employees: self.employees,
        }
    }
}

/// The letters that every mail server takes.
fn ascii(name: &str) -> String {
    let lower = name.to_lowercase();
    let plain = lower.chars().filter_map(|letter| match letter {
        'a'..='z' => Some(letter),
        'á' | 'ã' | 'ä' | 'â' => Some('a'),
        'é' | 'è' | 'ë' | 'ê' => Some('e'),
        'í' | 'ı' => Some('i'),
        'ó' | 'ö' | 'ø' => Some('o'),
        'ú' | 'ü' => Some('u'),
        'ş' => Some('s'),
        'ń' => Some('n'),
        _ => None,
    });
    plain.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(slug: &str, seed: u64, count: u32) -> Workforce {
        make(&Slug::parse(slug).unwrap(), seed, count, "2026-11-21T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn there_are_as_many_as_asked_for_and_nobody_twice() {
        for count in [16, 240, 2_000] {
            let workforce = made("acme", 1, count);
            assert_eq!(workforce.employees.len(), usize::try_from(count).unwrap());
            let addresses: HashSet<_> = workforce.employees.iter().map(|employee| &employee.work_email).collect();
            assert_eq!(addresses.len(), workforce.employees.len());
        }
    }

    #[test]
    fn everyone_but_the_chief_has_a_manager_who_was_made_before() {
        let workforce = made("acme", 1, 240);
        let mut before = HashSet::new();
        for employee in &workforce.employees {
            match employee.manager_id {
                Some(manager) => assert!(before.contains(&manager)),
                None => assert_eq!(employee.id, workforce.chief),
            }
            before.insert(employee.id);
        }
    }

    #[test]
    fn two_seeds_make_different_people() {
        let names = |workforce: Workforce| workforce.employees.iter().map(full_name).collect::<Vec<_>>();
        assert_eq!(names(made("acme", 1, 50)), names(made("acme", 1, 50)));
        assert_ne!(names(made("acme", 1, 50)), names(made("globex", 2, 50)));
    }

    #[test]
    fn every_department_has_a_head_and_members() {
        let workforce = made("acme", 1, 240);
        for department in &workforce.departments {
            assert!(
                workforce.employees.iter().filter(|employee| employee.department_id == department.id).count() >= 2,
                "{}",
                department.name
            );
        }
    }
}
