//! The mutations of employees. Each is one verb of the domain.

use async_graphql::{Context, Object, Result, SimpleObject};
use domain::Permission;
use entities::tenant::employee::Model;

use super::{
    super::{context::ResolverContext, resolved::Resolved},
    Employee,
    input::{
        ChangeManagerInput, HireEmployeeInput, RehireEmployeeInput, TerminateEmployeeInput, TransferEmployeeInput,
        UpdateEmployeeInput,
    },
};

/// The employee as it is after the change.
#[derive(SimpleObject)]
pub struct EmployeePayload {
    /// The employee as it is after the change.
    employee: Resolved<'static, Employee>,
}

impl EmployeePayload {
    fn of(row: Model) -> Resolved<'static, Self> {
        Resolved::made(Self { employee: Resolved::made(row.into()) })
    }
}

/// The mutations of employees.
#[derive(Default)]
pub struct EmployeeMutation;

#[Object]
impl EmployeeMutation {
    /// Hires somebody.
    async fn hire_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new employee.")] input: HireEmployeeInput,
    ) -> Result<Resolved<'_, EmployeePayload>> {
        let request = ctx.adder(Permission::HireEmployees).await?;
        Ok(EmployeePayload::of(domain::employee::hire(request.scope(), request.domain(), input.try_into()?).await?))
    }

    /// Changes an employee's own fields.
    async fn update_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee and what changes.")] input: UpdateEmployeeInput,
    ) -> Result<Resolved<'_, EmployeePayload>> {
        let request = ctx.writer().await?;
        Ok(EmployeePayload::of(domain::employee::update(request.scope(), request.domain(), input.try_into()?).await?))
    }

    /// Changes an employee's department, position, location and manager at once.
    async fn transfer_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee and what changes.")] input: TransferEmployeeInput,
    ) -> Result<Resolved<'_, EmployeePayload>> {
        let request = ctx.writer().await?;
        Ok(EmployeePayload::of(domain::employee::transfer(request.scope(), request.domain(), input.try_into()?).await?))
    }

    /// Changes whom an employee reports to.
    async fn change_manager(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee and the new manager.")] input: ChangeManagerInput,
    ) -> Result<Resolved<'_, EmployeePayload>> {
        let request = ctx.writer().await?;
        Ok(EmployeePayload::of(domain::employee::change_manager(request.scope(), request.domain(), input.try_into()?).await?))
    }

    /// Ends an employment, hands the direct reports over, and ends the membership of whoever the employee is. The last owner of
    /// the organisation stays a member.
    async fn terminate_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee and how the employment ends.")] input: TerminateEmployeeInput,
    ) -> Result<Resolved<'_, EmployeePayload>> {
        let request = ctx.writer().await?;
        let auth = &request.front_door.auth;
        Ok(EmployeePayload::of(auth.terminate(request.scope(), request.domain(), &request.tenant, input.try_into()?).await?))
    }

    /// Hires somebody again who had left.
    async fn rehire_employee(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The employee and the new employment.")] input: RehireEmployeeInput,
    ) -> Result<Resolved<'_, EmployeePayload>> {
        let request = ctx.writer().await?;
        let (context, input) = (request.domain(), domain::employee::Rehire::try_from(input)?);
        if context.may(Permission::RehireEmployees) {
            request.front_door.auth.finish_departures_of(&request.tenant, input.id, context.now).await?;
        }
        Ok(EmployeePayload::of(domain::employee::rehire(request.scope(), context, input).await?))
    }
}
