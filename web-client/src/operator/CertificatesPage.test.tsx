import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { admin, list, renderPage } from "../test/render.tsx";
import { CertificatesPage } from "./CertificatesPage.tsx";

const certificate = {
  tenantId: "t-1",
  slug: "acme",
  askedBy: "owner",
  askedAt: "2026-10-01T00:00:00Z",
  begunAt: "2026-11-01T00:00:00Z",
  finishedAt: "2026-11-01T00:01:00Z",
  removed: [{ what: "rows", count: 7 }],
  archivesRemovedAt: null as string | null,
};

test("archives that are still there are not passed over", async () => {
  const kept = { ...certificate, tenantId: "t-2", slug: "globex", archivesRemovedAt: "2026-12-01T12:00:00Z" };
  const answers = { deletionCertificates: () => list([certificate, kept]) };
  renderPage(<CertificatesPage />, { operator: admin, answers });
  expect(await screen.findByRole("row", { name: /^globex/ })).toHaveTextContent(/Archives kept until .*2026/);
  const row = screen.getByRole("row", { name: /^acme/ });
  expect(row).not.toHaveTextContent("Archives");
  expect(row).toHaveTextContent("by an owner");
  expect(row).toHaveTextContent("Rows in its tables: 7");
});
