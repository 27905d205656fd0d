import { useMutation, useQuery } from "@apollo/client/react";
import { readProblem } from "../api/read-problem.ts";
import { DownloadExportDocument, ExportsDocument, RequestExportDocument } from "../generated/graphql.ts";
import { ErrorState, LoadingRows } from "../ui/states.tsx";
import { ExportList, useProgress } from "./ExportList.tsx";

/** The exports of the organisation that the page is at. `latest` shows the newest one alone. */
export function Exports({ latest = false }: { latest?: boolean }) {
  const { data, error, refetch, ...polling } = useQuery(ExportsDocument, { fetchPolicy: "cache-and-network" });
  const [request] = useMutation(RequestExportDocument);
  const [download] = useMutation(DownloadExportDocument, { fetchPolicy: "no-cache" });
  const list = data?.exports ?? null;
  useProgress(list?.nodes, polling);

  if (error !== undefined && list === null) {
    return <ErrorState problem={readProblem(error)} onRetry={() => void refetch().catch(() => undefined)} />;
  }
  if (data === undefined) return <LoadingRows rows={2} />;
  if (list === null) return null;
  const source = {
    ...list,
    onRequest: async (format: "CSV" | "NDJSON") => {
      await request({ variables: { input: { format } } });
      await refetch();
    },
    onDownload: async (id: string) => (await download({ variables: { id } })).data?.downloadExport.url,
  };
  return <ExportList source={source} latest={latest} />;
}
