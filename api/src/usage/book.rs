//! What was counted of each tenant and is not written yet, and which tenants the metrics name.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::NaiveDate;
use tenancy::{Tenant, TenantId};

use super::reserve::{Keeper, Reserve};

/// The book is so many parts, so that requests do not wait for one another.
const PARTS: usize = 16;
/// What remains of a tenant's score from one choice of the top to the next.
const FADING: f64 = 0.9;
/// A score that is as good as none.
const NO_SCORE: f64 = 0.01;

/// What was counted within a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests of people and programs that are signed in, but not those that were refused for their number.
    pub requests: u64,
    /// Requests of nobody in particular, and of operators who look in.
    pub anonymous: u64,
    /// Answers with an error, whosever fault it was.
    pub errors: u64,
    /// Operations that were executed.
    pub operations: u64,
    /// Milliseconds that answering took.
    pub milliseconds: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.anonymous += other.anonymous;
        self.errors += other.errors;
        self.operations += other.operations;
        self.milliseconds += other.milliseconds;
    }
}

/// A tenant's tally of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The tenant.
    pub tenant: TenantId,
    /// The day, of UTC.
    pub day: NaiveDate,
    /// What was counted.
    pub tally: Tally,
}

/// What the metrics tell of one tenant, or of several together, since the process has begun.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Series {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) seconds: f64,
}

impl Series {
    fn add(&mut self, is_error: bool, elapsed: Duration) {
        self.requests += 1;
        self.errors += u64::from(is_error);
        self.seconds += elapsed.as_secs_f64();
    }

    pub(super) fn sum(&mut self, other: Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.seconds += other.seconds;
    }
}

#[derive(Debug)]
struct Account {
    tenant: Arc<Tenant>,
    /// Not written yet.
    days: BTreeMap<NaiveDate, Tally>,
    /// How many requests the database has of the last day that was written.
    written: Option<(NaiveDate, u64)>,
    reserve: Reserve,
    score: f64,
    lately: u64,
    is_top: bool,
    /// What was counted while the tenant was among the top.
    series: Series,
}

impl Account {
    fn new(tenant: &Arc<Tenant>) -> Self {
        Self {
            tenant: Arc::clone(tenant),
            days: BTreeMap::new(),
            written: None,
            reserve: Reserve::default(),
            score: 0.0,
            lately: 0,
            is_top: false,
            series: Series::default(),
        }
    }

    /// Requests of a day, as far as this process knows.
    fn requests(&self, day: NaiveDate) -> u64 {
        let written = self.written.filter(|(of, _)| *of == day).map_or(0, |(_, requests)| requests);
        written + self.days.get(&day).map_or(0, |tally| tally.requests)
    }
}

#[derive(Debug, Default)]
struct Part {
    accounts: HashMap<TenantId, Account>,
    /// What was counted of tenants while they were not among the top.
    others: Series,
}

/// What was counted of each tenant.
#[derive(Debug, Default)]
pub(super) struct Book {
    parts: [Mutex<Part>; PARTS],
}

impl Book {
    fn part(&self, tenant: TenantId) -> MutexGuard<'_, Part> {
        // The last bits of an id are random.
        let index = usize::from(tenant.0.as_bytes()[15]) % PARTS;
        open(self.parts.get(index).unwrap_or(&self.parts[0]))
    }

    /// Counts a request of nobody who belongs to the tenant.
    pub(super) fn anonymous(&self, tenant: &Arc<Tenant>, day: NaiveDate) {
        let mut part = self.part(tenant.id);
        let account = part.accounts.entry(tenant.id).or_insert_with(|| Account::new(tenant));
        account.days.entry(day).or_default().anonymous += 1;
    }

    /// Counts a request of somebody, unless there were as many already that day as there may be: then says how many. A keeper, who has
    /// to get in also then, has so many of the reserve.
    pub(super) fn request(
        &self,
        tenant: &Arc<Tenant>,
        day: NaiveDate,
        limit: Option<u64>,
        keeper: Option<Keeper>,
    ) -> Result<(), u64> {
        let mut part = self.part(tenant.id);
        let account = part.accounts.entry(tenant.id).or_insert_with(|| Account::new(tenant));
        if let Some(limit) = limit {
            let used = account.requests(day);
            if used >= limit && keeper.is_none_or(|keeper| !account.reserve.take(day, keeper)) {
                return Err(used);
            }
        }
        account.days.entry(day).or_default().requests += 1;
        Ok(())
    }

    /// Counts an answer.
    pub(super) fn answer(&self, tenant: &Arc<Tenant>, day: NaiveDate, is_operation: bool, is_error: bool, elapsed: Duration) {
        let mut part = self.part(tenant.id);
        let Part { accounts, others } = &mut *part;
        let account = accounts.entry(tenant.id).or_insert_with(|| Account::new(tenant));
        if !Arc::ptr_eq(&account.tenant, tenant) {
            account.tenant = Arc::clone(tenant);
        }
        account.days.entry(day).or_default().add(Tally {
            errors: u64::from(is_error),
            operations: u64::from(is_operation),
            milliseconds: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            ..Tally::default()
        });
        account.lately += 1;
        let series = if account.is_top { &mut account.series } else { others };
        series.add(is_error, elapsed);
    }

    /// Requests of a day, as far as this process knows.
    pub(super) fn requests(&self, tenant: TenantId, day: NaiveDate) -> u64 {
        self.part(tenant).accounts.get(&tenant).map_or(0, |account| account.requests(day))
    }

    /// Takes what is to be written. It is taken for written, and is so sooner or later.
    pub(super) fn take(&self, today: NaiveDate) -> Vec<Day> {
        let mut taken = Vec::new();
        for part in &self.parts {
            let mut part = open(part);
            part.accounts.retain(|_, account| {
                let is_known = account.written.is_some_and(|(day, _)| day >= today) || !account.days.is_empty();
                is_known || account.is_top || account.lately > 0 || account.score > NO_SCORE
            });
            for (tenant, account) in &mut part.accounts {
                for (day, tally) in std::mem::take(&mut account.days) {
                    let before = account.written.filter(|(of, _)| *of == day).map_or(0, |(_, requests)| requests);
                    account.written = Some((day, before + tally.requests));
                    taken.push(Day { tenant: *tenant, day, tally });
                }
            }
        }
        taken
    }

    /// Takes in how many requests of all processes are written.
    pub(super) fn learn(&self, tenant: TenantId, day: NaiveDate, requests: u64) {
        if let Some(account) = self.part(tenant).accounts.get_mut(&tenant)
            && account.written.is_none_or(|(of, _)| of <= day)
        {
            account.written = Some((day, requests));
        }
    }

    /// Chooses the tenants with the most requests lately.
    pub(super) fn choose_top(&self, most: u16) {
        let mut scores = Vec::new();
        for part in &self.parts {
            for (tenant, account) in &mut open(part).accounts {
                #[expect(clippy::cast_precision_loss, reason = "it is compared, not counted")]
                let lately = std::mem::take(&mut account.lately) as f64;
                account.score = account.score.mul_add(FADING, lately);
                if account.score > NO_SCORE {
                    scores.push((account.score, *tenant));
                }
            }
        }
        scores.sort_by(|(one, left), (other, right)| Reverse(one.to_bits()).cmp(&Reverse(other.to_bits())).then(left.cmp(right)));
        scores.truncate(usize::from(most));
        let top: std::collections::HashSet<TenantId> = scores.into_iter().map(|(_, tenant)| tenant).collect();
        for part in &self.parts {
            for (tenant, account) in &mut open(part).accounts {
                account.is_top = top.contains(tenant);
            }
        }
    }

    /// The series of those among the top, by slug, and that of all others.
    pub(super) fn series(&self) -> (BTreeMap<String, Series>, Series) {
        let (mut top, mut others) = (BTreeMap::<String, Series>::new(), Series::default());
        for part in &self.parts {
            let part = open(part);
            others.sum(part.others);
            for account in part.accounts.values().filter(|account| account.is_top) {
                top.entry(account.tenant.slug.to_string()).or_default().sum(account.series);
            }
        }
        (top, others)
    }
}

fn open(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
