//! The rows that objects refer to and that the statement above them has not brought along.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Result;
use entities::id::{DepartmentId, EmployeeId, LocationId, PositionId};

use super::{
    context::RequestContext, department::Department, employee::Employee, loader::Loader, location::Location, position::Position,
};

/// One loader a relation. They live as long as the request.
pub struct Loaders {
    departments: Loader<DepartmentId, Arc<Department>>,
    children: Loader<DepartmentId, Arc<[Arc<Department>]>>,
    department_counts: Loader<DepartmentId, u64>,
    employees: Loader<EmployeeId, Arc<Employee>>,
    locations: Loader<LocationId, Arc<Location>>,
    positions: Loader<PositionId, Arc<Position>>,
    position_counts: Loader<PositionId, u64>,
}

impl Default for Loaders {
    fn default() -> Self {
        Self {
            departments: Loader::of("departments"),
            children: Loader::of("departmentChildren"),
            department_counts: Loader::of("departmentEmployeeCounts"),
            employees: Loader::of("employees"),
            locations: Loader::of("locations"),
            positions: Loader::of("positions"),
            position_counts: Loader::of("positionEmployeeCounts"),
        }
    }
}

impl Loaders {
    /// Forgets everything.
    pub fn clear(&self) {
        self.departments.clear();
        self.children.clear();
        self.department_counts.clear();
        self.employees.clear();
        self.locations.clear();
        self.positions.clear();
        self.position_counts.clear();
    }
}

/// A department by its id.
pub async fn department(request: &RequestContext, id: DepartmentId) -> Result<Option<Arc<Department>>> {
    let visit = request.visit();
    let fetch = |ids: Vec<DepartmentId>| async move {
        let rows = domain::department::by_ids(request.scope(), visit.domain(), &ids).await?;
        Ok(shared(rows, Department))
    };
    visit.loaders.departments.load(id, fetch).await
}

/// The departments directly below one, by name.
pub async fn children(request: &RequestContext, id: DepartmentId) -> Result<Arc<[Arc<Department>]>> {
    let visit = request.visit();
    let fetch = |ids: Vec<DepartmentId>| async move {
        let rows = domain::department::children(request.scope(), visit.domain(), &ids).await?;
        let lists = rows.into_iter().map(|(id, rows)| (id, rows.into_iter().map(|row| Arc::new(Department(row))).collect()));
        Ok(lists.collect())
    };
    let children = visit.loaders.children.load(id, fetch).await?;
    Ok(children.unwrap_or_default())
}

/// How many active employees a department has itself.
pub async fn department_count(request: &RequestContext, id: DepartmentId) -> Result<u64> {
    let visit = request.visit();
    let fetch = |ids: Vec<DepartmentId>| async move {
        domain::employee::count_by_department(request.scope(), visit.domain(), &ids).await
    };
    Ok(visit.loaders.department_counts.load(id, fetch).await?.unwrap_or_default())
}

/// An employee by id; none when the caller may not see it.
pub async fn employee(request: &RequestContext, id: EmployeeId) -> Result<Option<Arc<Employee>>> {
    let visit = request.visit();
    let fetch = |ids: Vec<EmployeeId>| async move {
        let rows = domain::employee::by_ids(request.scope(), visit.domain(), &ids).await?;
        Ok(shared(rows, Employee::from))
    };
    visit.loaders.employees.load(id, fetch).await
}

/// A location by its id.
pub async fn location(request: &RequestContext, id: LocationId) -> Result<Option<Arc<Location>>> {
    let visit = request.visit();
    let fetch = |ids: Vec<LocationId>| async move {
        let rows = domain::location::by_ids(request.scope(), visit.domain(), &ids).await?;
        Ok(shared(rows, Location))
    };
    visit.loaders.locations.load(id, fetch).await
}

/// A position by its id.
pub async fn position(request: &RequestContext, id: PositionId) -> Result<Option<Arc<Position>>> {
    let visit = request.visit();
    let fetch = |ids: Vec<PositionId>| async move {
        let rows = domain::position::by_ids(request.scope(), visit.domain(), &ids).await?;
        Ok(shared(rows, Position))
    };
    visit.loaders.positions.load(id, fetch).await
}

/// How many active employees have a position.
pub async fn position_count(request: &RequestContext, id: PositionId) -> Result<u64> {
    let visit = request.visit();
    let fetch =
        |ids: Vec<PositionId>| async move { domain::employee::count_by_position(request.scope(), visit.domain(), &ids).await };
    Ok(visit.loaders.position_counts.load(id, fetch).await?.unwrap_or_default())
}

fn shared<K: Eq + std::hash::Hash, M, T>(rows: HashMap<K, M>, wrap: impl Fn(M) -> T) -> HashMap<K, Arc<T>> {
    rows.into_iter().map(|(key, row)| (key, Arc::new(wrap(row)))).collect()
}
