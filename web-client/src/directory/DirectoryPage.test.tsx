import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { directoryRow } from "../test/records.ts";
import { employee, list, noChoices, refusal, renderPage } from "../test/render.tsx";
import { DirectoryPage } from "./DirectoryPage.tsx";

const ada = directoryRow();
const noor = directoryRow({ id: "employee-2", name: "نور الهاشمي", employmentType: "INTERN", location: null });

test("shows a skeleton, then the people", async () => {
  renderPage(<DirectoryPage />, {
    answers: { ...noChoices, employees: () => list([ada, noor]) },
  });
  expect(screen.getByText("Loading…")).toBeInTheDocument();
  const rows = await screen.findAllByRole("rowheader");
  expect(rows).toHaveLength(2);
  expect(screen.getByRole("link", { name: "Ada Lovelace" })).toHaveAttribute("href", "/employees/employee-1");
  expect(screen.getByText("2 people")).toBeInTheDocument();
  const name = screen.getByRole("link", { name: "نور الهاشمي" });
  expect(name).toHaveAttribute("dir", "auto");
  expect(within(rows[1] ?? document.body).getByText("Intern")).toBeInTheDocument();
  expect(screen.queryByText("Loading…")).not.toBeInTheDocument();
});

test("offers hiring to those who may", async () => {
  const answers = { ...noChoices, employees: () => list([ada]) };
  renderPage(<DirectoryPage />, { answers });
  expect(await screen.findByRole("link", { name: "Hire someone" })).toBeInTheDocument();
});

test("offers no hiring to others", async () => {
  const answers = { ...noChoices, employees: () => list([ada]) };
  renderPage(<DirectoryPage />, { answers, viewer: employee });
  await screen.findAllByRole("rowheader");
  expect(screen.queryByRole("link", { name: "Hire someone" })).not.toBeInTheDocument();
});

test("says when nobody matches, and shows everyone again", async () => {
  const router = renderPage(<DirectoryPage />, {
    address: "/?q=nobody&status=left",
    answers: {
      ...noChoices,
      employees: ({ search }) => list(search === undefined ? [ada] : []),
    },
  });
  await userEvent.click(await screen.findByRole("button", { name: "Show everyone" }));
  expect(await screen.findByRole("link", { name: "Ada Lovelace" })).toBeInTheDocument();
  expect(router.state.location.search).toBe("");
  expect(screen.getByRole("searchbox")).toHaveValue("");
});

test("says what is wrong, and tries again", async () => {
  const answer = vi
    .fn()
    .mockReturnValueOnce(refusal("RATE_LIMITED", "Wait a moment."))
    .mockReturnValue(list([ada]));
  renderPage(<DirectoryPage />, { answers: { ...noChoices, employees: answer } });
  expect(await screen.findByRole("alert")).toHaveTextContent("Wait a moment.");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "Ada Lovelace" })).toBeInTheDocument();
});

test("sends a search once typing pauses, and keeps it in the address", async () => {
  const answer = vi.fn(() => list([ada]));
  const router = renderPage(<DirectoryPage />, {
    address: "/?order=-hired&after=cursor",
    answers: { ...noChoices, employees: answer },
  });
  await screen.findAllByRole("rowheader");
  await userEvent.click(screen.getByRole("searchbox"));
  await userEvent.paste("ada l");
  await waitFor(() => expect(router.state.location.search).toBe("?q=ada+l&order=-hired"));
  expect(answer).toHaveBeenCalledTimes(2);
  expect(answer).toHaveBeenLastCalledWith(expect.objectContaining({ search: "ada l", first: 25 }));
});

test("turns pages by cursors", async () => {
  const pageInfo = { hasNextPage: true, hasPreviousPage: false, startCursor: "first", endCursor: "last" };
  const router = renderPage(<DirectoryPage />, {
    answers: { ...noChoices, employees: () => list([ada], { pageInfo }) },
  });
  expect(await screen.findByRole("button", { name: "Previous" })).toBeDisabled();
  await userEvent.click(screen.getByRole("button", { name: "Next" }));
  expect(router.state.location.search).toBe("?after=last");
  await waitFor(() => expect(screen.getByRole("button", { name: "Previous" })).toBeEnabled());
  await userEvent.click(screen.getByRole("button", { name: "Previous" }));
  expect(router.state.location.search).toBe("?before=first");
});
