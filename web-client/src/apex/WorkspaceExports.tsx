import { useMutation, useQuery } from "@apollo/client/react";
import { readProblem } from "../api/read-problem.ts";
import {
  DownloadWorkspaceExportDocument,
  RequestWorkspaceExportDocument,
  WorkspaceExportsDocument,
} from "../generated/platform.ts";
import { ExportList, useProgress } from "../settings/ExportList.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

/** The exports of an organisation that lets nobody in at its own address. */
export function WorkspaceExports({ id, latest = false }: { id: string; latest?: boolean }) {
  const { data, error, refetch, ...polling } = useQuery(WorkspaceExportsDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  const [request] = useMutation(RequestWorkspaceExportDocument);
  const [download] = useMutation(DownloadWorkspaceExportDocument, { fetchPolicy: "no-cache" });
  const list = data?.workspaceExports ?? null;
  useProgress(list?.nodes, polling);

  if (error !== undefined && list === null) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows rows={2} />;
  if (list === null) return null;
  const source = {
    ...list,
    onRequest: async (format: "CSV" | "NDJSON") => {
      await request({ variables: { input: { id, format } } });
      await refetch();
    },
    onDownload: async (exportId: string) => {
      const { data } = await download({ variables: { id, exportId } });
      return data?.downloadWorkspaceExport.url;
    },
  };
  return <ExportList source={source} latest={latest} />;
}
