import { accessToken, call, expect, hosts, signIn, test, uniqueName } from "./tenantry.ts";

test("what one does appears on the page of another, who does nothing", async ({ page, browser }) => {
  const family = uniqueName();
  await signIn(page, "acme", "employee", `/?q=${family}`);
  await expect(page.getByText("Nobody matches")).toBeVisible();

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(hosts.acme);
  const token = await accessToken(other, "acme", "hr");
  const places = await call(
    other,
    { query: "{ departments(first: 1) { nodes { id } } positions(first: 1) { nodes { id } } }" },
    token,
  );
  const { departments, positions } = (
    places.body as { data: Record<"departments" | "positions", { nodes: { id: string }[] }> }
  ).data;
  const hired = await call(
    other,
    {
      query: "mutation($input: HireEmployeeInput!) { hireEmployee(input: $input) { employee { id } } }",
      variables: {
        input: {
          givenName: "Live",
          familyName: family,
          workEmail: `${family.toLowerCase()}@acme.test`,
          departmentId: departments.nodes[0]?.id,
          positionId: positions.nodes[0]?.id,
          hiredOn: "2026-01-05",
        },
      },
    },
    token,
  );
  const { id } = (hired.body as { data: { hireEmployee: { employee: { id: string } } } }).data.hireEmployee.employee;
  await expect(page.getByRole("link", { name: `Live ${family}` })).toBeVisible();

  const rename = (givenName: string) =>
    call(
      other,
      {
        query: "mutation($input: UpdateEmployeeInput!) { updateEmployee(input: $input) { employee { id } } }",
        variables: { input: { id, givenName } },
      },
      token,
    );
  await rename("Alive");
  await expect(page.getByRole("link", { name: `Alive ${family}` })).toBeVisible();

  // Without a network for a while, what was missed is there once it is back.
  await page.context().setOffline(true);
  await rename("Returned");
  await page.context().setOffline(false);
  await expect(page.getByRole("link", { name: `Returned ${family}` })).toBeVisible({ timeout: 60_000 });
  await context.close();
});

test("departments that others create appear in the tree", async ({ page, browser }) => {
  const name = uniqueName();
  await signIn(page, "acme", "employee", "/departments");
  await expect(page.getByRole("main").getByRole("listitem").first()).toBeVisible();
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(hosts.acme);
  const token = await accessToken(other, "acme", "hr");
  const created = await call(
    other,
    { query: `mutation { createDepartment(input: { name: "${name}" }) { department { id } } }` },
    token,
  );
  await expect(page.getByRole("link", { name, exact: true })).toBeVisible();
  const { id } = (created.body as { data: { createDepartment: { department: { id: string } } } }).data.createDepartment
    .department;
  await call(other, { query: `mutation { deleteDepartment(id: "${id}") { deletedId } }` }, token);
  await expect(page.getByRole("link", { name, exact: true })).toHaveCount(0);
  await context.close();
});
