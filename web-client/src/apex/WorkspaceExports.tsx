import { useMutation, useQuery } from "@apollo/client/react";
import { useState } from "react";
import { readProblem } from "../api/read-problem.ts";
import {
  DownloadWorkspaceExportDocument,
  RequestWorkspaceExportDocument,
  WorkspaceExportsDocument,
} from "../generated/platform.ts";
import { ExportList, useProgress } from "../settings/ExportList.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { ErrorState, LoadingRows } from "../ui/states.tsx";

interface Props {
  /** The organisation's opaque id. */
  id: string;
  /** Shows the newest export alone. */
  latest?: boolean;
}

/** The exports of an organisation that lets nobody in at its own address. */
export function WorkspaceExports(props: Props) {
  return <Exports {...props} query={useWorkspaceExports(props.id)} />;
}

/** The same as a dialog. It opens with its list, so that the focus begins there. */
export function WorkspaceExportsDialog({ id, name, onClose }: { id: string; name: string; onClose: () => void }) {
  const query = useWorkspaceExports(id);
  const [isOpen, setOpen] = useState(false);
  // Once open it stays, also while the list is asked for again.
  if (!isOpen && (query.data !== undefined || query.error !== undefined)) setOpen(true);
  if (!isOpen) return null;
  return (
    <Dialog title={`Export ${name}`} onClose={onClose}>
      {() => <Exports id={id} query={query} />}
    </Dialog>
  );
}

function useWorkspaceExports(id: string) {
  const query = useQuery(WorkspaceExportsDocument, { variables: { id }, fetchPolicy: "cache-and-network" });
  useProgress(query.data?.workspaceExports?.nodes, query);
  return query;
}

function Exports({ id, latest = false, query }: Props & { query: ReturnType<typeof useWorkspaceExports> }) {
  const { data, error, refetch } = query;
  const [request] = useMutation(RequestWorkspaceExportDocument);
  const [download] = useMutation(DownloadWorkspaceExportDocument, { fetchPolicy: "no-cache" });
  const list = data?.workspaceExports ?? null;

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
