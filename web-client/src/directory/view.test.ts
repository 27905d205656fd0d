import { describe, expect, test } from "vitest";
import { isFiltered, queryFor, readView, writeView } from "./view.ts";

const plain = readView(new URLSearchParams());

describe("the address", () => {
  test.each([
    "",
    "q=ada+lovelace",
    "q=%25_%5C&department=d1&sub=no&position=p1&location=l1&status=left&type=part_time&order=-hired&after=c1",
    "order=number&before=c2",
  ])("%j is restored by its view", (address) => {
    expect(writeView(readView(new URLSearchParams(address))).toString()).toBe(address);
  });

  test("with unknown values is read as without them", () => {
    const view = readView(new URLSearchParams("status=x&type=unknown&order=__proto__&order2=1"));
    expect(view).toEqual(plain);
    expect(isFiltered(view)).toBe(false);
  });

  test("with two cursors takes the one after", () => {
    expect(readView(new URLSearchParams("before=b&after=a")).cursor).toEqual({ side: "after", at: "a" });
  });
});

describe("the query", () => {
  test("of the first page", () => {
    expect(queryFor(plain)).toEqual({
      filter: { status: "ACTIVE" },
      orderBy: { field: "NAME", direction: "ASC" },
      first: 25,
    });
  });

  test("of a page before, with everything chosen", () => {
    const view = readView(
      new URLSearchParams(
        "q=ada&department=d&sub=no&position=p&location=l&status=left&type=intern&order=-name&before=c",
      ),
    );
    expect(queryFor(view)).toEqual({
      filter: {
        status: "TERMINATED",
        departmentId: "d",
        includeSubdepartments: false,
        positionId: "p",
        locationId: "l",
        employmentType: "INTERN",
      },
      search: "ada",
      orderBy: { field: "NAME", direction: "DESC" },
      last: 25,
      before: "c",
    });
    expect(isFiltered(view)).toBe(true);
  });
});
