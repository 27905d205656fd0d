import { useMutation, useQuery } from "@apollo/client/react";
import { Badge, Button, Text } from "@mantine/core";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import { type ApiKeyFieldsFragment, ApiKeysDocument, EndApiKeyDocument } from "../generated/graphql.ts";
import { ConfirmDialog } from "../organisation/dialogs.tsx";
import { RowMenu } from "../organisation/RowMenu.tsx";
import { useIsReadOnly, useViewer } from "../session/context.ts";
import { formatInstant } from "../ui/format.ts";
import { PlusIcon } from "../ui/icons.tsx";
import { joined, MoreButton } from "../ui/MoreButton.tsx";
import { Page } from "../ui/Page.tsx";
import { Empty, ErrorState, LoadingRows } from "../ui/states.tsx";
import { CreateApiKeyDialog } from "./CreateApiKeyDialog.tsx";
import { standing } from "./expiry.ts";
import { NotInPlan, useIsIncluded } from "./features.tsx";
import { permissionLabel } from "./permissions.ts";

type ApiKey = ApiKeyFieldsFragment;

/** The keys by which programs use the API of the organisation. */
export function ApiKeysPage() {
  const viewer = useViewer();
  const isReadOnly = useIsReadOnly();
  const isIncluded = useIsIncluded("API_KEYS");
  const [creating, setCreating] = useState(false);
  if (!viewer.permissions.manageApiKeys) {
    return (
      <Page title="API keys">
        <Empty title="You may not manage API keys" />
      </Page>
    );
  }
  return (
    <Page
      title="API keys"
      subtitle="By which programs use this organisation’s API, as far as each key allows"
      actions={
        isReadOnly ? undefined : isIncluded ? (
          <Button leftSection={<PlusIcon />} onClick={() => setCreating(true)}>
            New API key
          </Button>
        ) : (
          <NotInPlan>API keys are not in your plan.</NotInPlan>
        )
      }
    >
      <Keys />
      {creating && <CreateApiKeyDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Keys() {
  const [ending, setEnding] = useState<ApiKey | null>(null);
  const [now] = useState(() => new Date());
  const { data, error, refetch, fetchMore } = useQuery(ApiKeysDocument, { fetchPolicy: "cache-and-network" });
  const [end] = useMutation(EndApiKeyDocument);
  if (error !== undefined) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows rows={4} />;
  if (data.apiKeys.nodes.length === 0) return <Empty title="There are no API keys yet" />;
  return (
    <>
      <div className="surface surface-flush">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" className="only-wide">
                May
              </th>
              <th scope="col" className="only-wide">
                Last used
              </th>
              <th scope="col">Until</th>
              <th scope="col" className="number">
                Actions
              </th>
            </tr>
          </thead>
          <tbody>
            {data.apiKeys.nodes.map((key) => (
              <tr key={key.id}>
                <th scope="row">
                  <Text size="sm" fw={600} component="div">
                    <bdi>{key.name}</bdi>
                  </Text>
                  <Text size="xs" c="dimmed">
                    <code>{key.hint}</code> · made by <bdi>{key.createdBy}</bdi>, {formatInstant(key.createdAt)}
                  </Text>
                </th>
                <td className="only-wide">
                  <ul className="short-list">
                    {key.permissions.map((permission) => (
                      <li key={permission}>{permissionLabel(permission)}</li>
                    ))}
                  </ul>
                </td>
                <td className="only-wide">{key.lastUsedAt === null ? "Never" : formatInstant(key.lastUsedAt)}</td>
                <td>
                  <Until apiKey={key} now={now} />
                </td>
                <td className="number">
                  {standing(key, now) === "live" && (
                    <RowMenu name={key.name} items={[{ label: "End", danger: true, onClick: () => setEnding(key) }]} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <MoreButton
        pageInfo={data.apiKeys.pageInfo}
        onMore={(after) =>
          fetchMore({
            variables: { after },
            updateQuery: (before, { fetchMoreResult }) => ({
              apiKeys: joined(before.apiKeys, fetchMoreResult.apiKeys),
            }),
          })
        }
      />
      {ending !== null && (
        <ConfirmDialog
          title={`End ${ending.name}`}
          submitLabel="End"
          done="The API key has been ended."
          onSend={() => end({ variables: { id: ending.id } })}
          onClose={() => setEnding(null)}
        >
          Programs that use <bdi>{ending.name}</bdi> are refused from now on. This cannot be undone.
        </ConfirmDialog>
      )}
    </>
  );
}

function Until({ apiKey, now }: { apiKey: ApiKey; now: Date }) {
  switch (standing(apiKey, now)) {
    case "ended":
      return (
        <Badge color="gray" variant="light">
          Ended
        </Badge>
      );
    case "expired":
      return (
        <Badge color="gray" variant="light">
          Expired
        </Badge>
      );
    case "live":
      return apiKey.expiresAt === null ? "No end" : formatInstant(apiKey.expiresAt);
  }
}
