import { useQuery } from "@apollo/client/react";
import { Text } from "@mantine/core";
import { readProblem } from "../api/read-problem.ts";
import { DeletionCertificatesDocument } from "../generated/operator.ts";
import { formatInstant, formatNumber } from "../ui/format.ts";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { Table } from "../ui/Table.tsx";
import { asker, removedThing } from "./text.ts";

/** What went with organisations that were deleted. */
export function CertificatesPage() {
  const { data, error, refetch, fetchMore } = useQuery(DeletionCertificatesDocument, {
    fetchPolicy: "cache-and-network",
  });
  return (
    <Page title="Deletions" subtitle="What went with organisations that were deleted. Certificates name no person">
      {error !== undefined ? (
        <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />
      ) : data === undefined ? (
        <LoadingRows />
      ) : data.deletionCertificates.nodes.length === 0 ? (
        <Empty title="No organisation has been deleted yet" />
      ) : (
        <>
          <Table columns={{ Organisation: "", Finished: "", "Asked for": "only-wide", Removed: "" }}>
            {data.deletionCertificates.nodes.map((certificate) => (
              <tr key={certificate.tenantId}>
                <th scope="row">
                  {certificate.slug}
                  <Text size="xs" c="dimmed">
                    {certificate.tenantId}
                  </Text>
                </th>
                <td>{formatInstant(certificate.finishedAt)}</td>
                <td className="only-wide">
                  {formatInstant(certificate.askedAt)}
                  <Text size="xs" c="dimmed">
                    by {asker(certificate.askedBy)}
                  </Text>
                </td>
                <td>
                  <ul className="short-list">
                    {certificate.removed.map(({ what, count }) => (
                      <li key={what}>
                        {removedThing(what)}: {formatNumber(count)}
                      </li>
                    ))}
                  </ul>
                  {certificate.archivesRemovedAt !== null && (
                    <Text size="xs" c="dimmed">
                      Archives kept until {formatInstant(certificate.archivesRemovedAt)}
                    </Text>
                  )}
                </td>
              </tr>
            ))}
          </Table>
          <MoreButton
            pageInfo={data.deletionCertificates.pageInfo}
            onMore={(after) =>
              fetchMore({
                variables: { after },
                updateQuery: (before, { fetchMoreResult }) => ({
                  deletionCertificates: joined(before.deletionCertificates, fetchMoreResult.deletionCertificates),
                }),
              })
            }
          />
        </>
      )}
    </Page>
  );
}
