import { Page } from "../ui/Page.tsx";
import { EventList } from "./EventList.tsx";

/** What operators have done. */
export function EventsPage() {
  return (
    <Page title="Events" subtitle="What operators have done, here and at the command line">
      <EventList />
    </Page>
  );
}
